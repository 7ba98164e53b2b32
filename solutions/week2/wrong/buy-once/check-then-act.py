def buy_once(r, article, count, request):
    stock, done = f"stock:{article}", f"request:{request}"
    if r.exists(done):
        return True
    if int(r.get(stock) or 0) < count:
        return False
    with r.pipeline(transaction=True) as pipe:
        pipe.decrby(stock, count)
        pipe.set(done, count, ex=86400)
        pipe.execute()
    return True
