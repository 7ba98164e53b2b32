requests = set()


def buy_once(r, article, count, request):
    stock, done = f"stock:{article}", f"request:{request}"

    def take(pipe):
        if request in requests:
            return True
        if int(pipe.get(stock) or 0) < count:
            return False
        pipe.multi()
        pipe.decrby(stock, count)
        pipe.set(done, count, ex=86400)
        return True

    taken = r.transaction(take, stock, done, value_from_callable=True)
    if taken:
        requests.add(request)
    return taken
