import redis


def retag(r, item, tags):
    mine = f"item:{item}:tags"
    with r.pipeline(transaction=True) as pipe:
        pipe.watch(mine)
        old = pipe.smembers(mine)
        pipe.multi()
        pipe.delete(mine)
        for name in old:
            pipe.srem(f"tag:{name}:items", item)
        for name in tags:
            pipe.sadd(mine, name)
            pipe.sadd(f"tag:{name}:items", item)
        try:
            pipe.execute()
        except redis.WatchError:
            pass
