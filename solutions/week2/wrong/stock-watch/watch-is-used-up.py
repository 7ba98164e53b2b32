import redis


def buy(r, article, count):
    key = f"stock:{article}"
    with r.pipeline() as pipe:
        pipe.watch(key)
        if int(pipe.get(key) or 0) < count:
            return False
        while True:
            try:
                pipe.multi()
                pipe.decrby(key, count)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
