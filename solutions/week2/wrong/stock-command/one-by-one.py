def deliver(r, article, count):
    for _ in range(count):
        r.rpush(f"packets:{article}", "packet")


def sell_one(r, article):
    return r.lpop(f"packets:{article}") is not None


def pieces_left(r, article):
    return r.llen(f"packets:{article}")
