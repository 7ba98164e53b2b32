def deliver(r, article, count):
    r.incrby(f"packets:{article}", count)


def sell_one(r, article):
    if r.decr(f"packets:{article}") >= 0:
        return True
    r.incr(f"packets:{article}")
    return False


def pieces_left(r, article):
    return int(r.get(f"packets:{article}") or 0)
