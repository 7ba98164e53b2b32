def next_ticket(r):
    r.set("ticket:last", 1000, nx=True)
    return r.incr("ticket:last")


def take_block(r, count):
    if count < 1:
        raise ValueError("at least one")
    r.set("ticket:last", 1000, nx=True)
    first = int(r.get("ticket:last")) + 1
    r.incrby("ticket:last", count)
    return list(range(first, first + count))
