def enter(r, name, person):
    return r.sadd(f"raffle:{name}", person) == 1


def draw(r, name, n):
    key = f"raffle:{name}"
    chosen = r.srandmember(key, n)
    with r.pipeline(transaction=True) as pipe:
        for person in chosen:
            pipe.srem(key, person)
        removed = pipe.execute()
    return [person for person, mine in zip(chosen, removed) if mine]


def preview(r, name, n):
    return r.srandmember(f"raffle:{name}", n)
