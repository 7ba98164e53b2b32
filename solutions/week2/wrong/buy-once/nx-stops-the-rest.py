def buy_once(r, article, count, request):
    stock, done = f"stock:{article}", f"request:{request}"

    def take(pipe):
        if int(pipe.get(stock) or 0) < count:
            return bool(pipe.exists(done))
        pipe.multi()
        pipe.set(done, count, nx=True, ex=86400)
        pipe.decrby(stock, count)
        return True

    return r.transaction(take, stock, done, value_from_callable=True)
