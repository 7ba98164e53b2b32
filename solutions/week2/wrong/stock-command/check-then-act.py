def deliver(r, article, count):
    r.rpush(f"packets:{article}", *["packet"] * count)


def sell_one(r, article):
    if r.llen(f"packets:{article}") == 0:
        return False
    r.lpop(f"packets:{article}")
    return True


def pieces_left(r, article):
    return r.llen(f"packets:{article}")
