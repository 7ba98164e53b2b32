def retag(r, item, tags):
    mine = f"item:{item}:tags"

    def change(pipe):
        old = pipe.smembers(mine)
        pipe.delete(mine)
        for name in old:
            pipe.srem(f"tag:{name}:items", item)
        for name in tags:
            pipe.sadd(mine, name)
            pipe.sadd(f"tag:{name}:items", item)

    r.transaction(change, mine)
