import redis


def buy(r, article, count):
    key = f"stock:{article}"
    with r.pipeline() as pipe:
        try:
            pipe.watch(key)
            if int(pipe.get(key) or 0) < count:
                return False
            pipe.multi()
            pipe.decrby(key, count)
            pipe.execute()
            return True
        except redis.WatchError:
            return False
