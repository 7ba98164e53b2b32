def buy_once(r, article, count, request):
    stock, done = f"stock:{article}", f"request:{request}"

    def take(pipe):
        answer = pipe.get(done)
        if answer is not None:
            return answer == "True"
        enough = int(pipe.get(stock) or 0) >= count
        pipe.multi()
        if enough:
            pipe.decrby(stock, count)
        pipe.set(done, str(enough), ex=86400)
        return enough

    return r.transaction(take, stock, done, value_from_callable=True)
