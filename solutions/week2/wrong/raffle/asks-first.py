def enter(r, name, person):
    if r.sismember(f"raffle:{name}", person):
        return False
    r.sadd(f"raffle:{name}", person)
    return True


def draw(r, name, n):
    return r.spop(f"raffle:{name}", n)


def preview(r, name, n):
    return r.srandmember(f"raffle:{name}", n)
