def deliver(r, article, count):
    r.sadd(f"packets:{article}", *range(count))


def sell_one(r, article):
    return r.spop(f"packets:{article}") is not None


def pieces_left(r, article):
    return r.scard(f"packets:{article}")
