import redis


def cas(r, key, old, new):
    with r.pipeline() as pipe:
        pipe.watch(key)
        if pipe.get(key) != old:
            return False
        pipe.multi()
        pipe.set(key, new, keepttl=True)
        try:
            pipe.execute()
        except redis.WatchError:
            return False
    return True
