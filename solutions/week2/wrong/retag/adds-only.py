def retag(r, item, tags):
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(f"item:{item}:tags")
        for name in tags:
            pipe.sadd(f"item:{item}:tags", name)
            pipe.sadd(f"tag:{name}:items", item)
        pipe.execute()
