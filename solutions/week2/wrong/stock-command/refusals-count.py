def deliver(r, article, count):
    r.incrby(f"packets:{article}", count)


def sell_one(r, article):
    return r.decr(f"packets:{article}") >= 0


def pieces_left(r, article):
    return max(0, int(r.get(f"packets:{article}") or 0))
