import random


def enter(r, name, person):
    return r.sadd(f"raffle:{name}", person) == 1


def draw(r, name, n):
    return r.spop(f"raffle:{name}", n)


def preview(r, name, n):
    entries = list(r.smembers(f"raffle:{name}"))
    return random.sample(entries, min(n, len(entries)))
