def enter(r, name, person):
    return r.sadd(f"raffle:{name}", person) == 1


def draw(r, name, n):
    winners = r.srandmember(f"raffle:{name}", n)
    if winners:
        r.srem(f"raffle:{name}", *winners)
    return winners


def preview(r, name, n):
    return r.srandmember(f"raffle:{name}", n)
