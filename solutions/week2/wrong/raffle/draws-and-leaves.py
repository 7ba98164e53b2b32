def enter(r, name, person):
    return r.sadd(f"raffle:{name}", person) == 1


def draw(r, name, n):
    return r.srandmember(f"raffle:{name}", n)


def preview(r, name, n):
    return r.srandmember(f"raffle:{name}", n)
