def buy(r, article, count):
    left = int(r.get(f"stock:{article}") or 0)
    if left < count:
        return False
    return r.decrby(f"stock:{article}", count) >= 0
