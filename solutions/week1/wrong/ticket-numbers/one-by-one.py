def next_ticket(r):
    r.set("ticket:last", 1000, nx=True)
    return r.incr("ticket:last")


def take_block(r, count):
    if count < 1:
        raise ValueError("at least one")
    return [next_ticket(r) for _ in range(count)]
