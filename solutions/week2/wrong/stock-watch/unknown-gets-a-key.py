import redis


def buy(r, article, count):
    key = f"stock:{article}"
    r.setnx(key, 0)
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                if int(pipe.get(key)) < count:
                    return False
                pipe.multi()
                pipe.decrby(key, count)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
