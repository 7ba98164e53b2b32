def rename_tag(r, old, new):
    before, after = f"tag:{old}:items", f"tag:{new}:items"
    items = r.smembers(before)
    if old != new:
        for item in items:
            with r.pipeline(transaction=True) as pipe:
                pipe.srem(before, item)
                pipe.sadd(after, item)
                pipe.srem(f"item:{item}:tags", old)
                pipe.sadd(f"item:{item}:tags", new)
                pipe.execute()
    return len(items)
