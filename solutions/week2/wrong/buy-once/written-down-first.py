def buy_once(r, article, count, request):
    stock, done = f"stock:{article}", f"request:{request}"
    if not r.set(done, count, nx=True, ex=86400):
        return True

    def take(pipe):
        if int(pipe.get(stock) or 0) < count:
            return False
        pipe.multi()
        pipe.decrby(stock, count)
        return True

    if r.transaction(take, stock, value_from_callable=True):
        return True
    r.delete(done)
    return False
