def buy(r, article, count):
    key = f"stock:{article}"
    if int(r.get(key) or 0) < count:
        return False
    with r.pipeline(transaction=True) as pipe:
        pipe.decrby(key, count)
        pipe.execute()
    return True
