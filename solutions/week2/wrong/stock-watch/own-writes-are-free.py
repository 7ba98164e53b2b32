import redis


def buy(r, article, count):
    key = f"stock:{article}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                if int(pipe.get(key) or 0) < count:
                    return False
                pipe.decrby(key, count)
                pipe.multi()
                pipe.execute()
                return True
            except redis.WatchError:
                continue
