def rename_tag(r, old, new):
    before, after = f"tag:{old}:items", f"tag:{new}:items"
    items = r.smembers(before)
    if old == new:
        return len(items)

    def change(pipe):
        pipe.multi()
        pipe.sunionstore(after, [after, before])
        pipe.delete(before)
        for item in items:
            pipe.srem(f"item:{item}:tags", old)
            pipe.sadd(f"item:{item}:tags", new)

    r.transaction(change, before)
    return len(items)
