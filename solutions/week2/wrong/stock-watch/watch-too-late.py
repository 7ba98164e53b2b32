import redis


def buy(r, article, count):
    key = f"stock:{article}"
    while True:
        if int(r.get(key) or 0) < count:
            return False
        with r.pipeline() as pipe:
            try:
                pipe.watch(key)
                pipe.multi()
                pipe.decrby(key, count)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
