def next_ticket(r):
    last = r.get("ticket:last")
    if last is None:
        r.set("ticket:last", 1000)
    return r.incr("ticket:last")


def take_block(r, count):
    if count < 1:
        raise ValueError("at least one")
    r.set("ticket:last", 1000, nx=True)
    last = r.incrby("ticket:last", count)
    return list(range(last - count + 1, last + 1))
