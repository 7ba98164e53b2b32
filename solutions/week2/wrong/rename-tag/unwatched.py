def rename_tag(r, old, new):
    before, after = f"tag:{old}:items", f"tag:{new}:items"
    items = r.smembers(before)
    if old != new:
        with r.pipeline(transaction=True) as pipe:
            pipe.sunionstore(after, [after, before])
            pipe.delete(before)
            for item in items:
                pipe.srem(f"item:{item}:tags", old)
                pipe.sadd(f"item:{item}:tags", new)
            pipe.execute()
    return len(items)
