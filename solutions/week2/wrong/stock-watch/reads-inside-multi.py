import redis


def buy(r, article, count):
    key = f"stock:{article}"
    with r.pipeline() as pipe:
        while True:
            try:
                pipe.watch(key)
                pipe.multi()
                if int(pipe.get(key)) < count:
                    return False
                pipe.decrby(key, count)
                pipe.execute()
                return True
            except redis.WatchError:
                continue
