def buy_once(r, article, count, request):
    stock, done = f"stock:{article}", f"request:{request}"

    def take(pipe):
        if int(pipe.get(stock) or 0) < count:
            return False
        if pipe.exists(done):
            return True
        pipe.multi()
        pipe.decrby(stock, count)
        pipe.set(done, count, ex=86400)
        return True

    return r.transaction(take, stock, done, value_from_callable=True)
