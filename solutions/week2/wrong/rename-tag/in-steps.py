def rename_tag(r, old, new):
    items = r.smembers(f"tag:{old}:items")
    if old != new:
        for item in items:
            r.smove(f"tag:{old}:items", f"tag:{new}:items", item)
            r.srem(f"item:{item}:tags", old)
            r.sadd(f"item:{item}:tags", new)
    return len(items)
