def retag(r, item, tags):
    mine = f"item:{item}:tags"

    def clear(pipe):
        old = pipe.smembers(mine)
        pipe.multi()
        pipe.delete(mine)
        for name in old:
            pipe.srem(f"tag:{name}:items", item)

    r.transaction(clear, mine)
    with r.pipeline(transaction=True) as pipe:
        for name in tags:
            pipe.sadd(mine, name)
            pipe.sadd(f"tag:{name}:items", item)
        pipe.execute()
