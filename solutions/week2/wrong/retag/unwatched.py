def retag(r, item, tags):
    mine = f"item:{item}:tags"
    old = r.smembers(mine)
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(mine)
        for name in old:
            pipe.srem(f"tag:{name}:items", item)
        for name in tags:
            pipe.sadd(mine, name)
            pipe.sadd(f"tag:{name}:items", item)
        pipe.execute()
