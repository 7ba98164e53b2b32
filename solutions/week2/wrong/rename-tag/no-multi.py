def rename_tag(r, old, new):
    before, after = f"tag:{old}:items", f"tag:{new}:items"
    if old == new:
        return r.scard(before)

    def change(pipe):
        items = pipe.smembers(before)
        pipe.sunionstore(after, [after, before])
        pipe.delete(before)
        for item in items:
            pipe.srem(f"item:{item}:tags", old)
            pipe.sadd(f"item:{item}:tags", new)
        return len(items)

    return r.transaction(change, before, value_from_callable=True)
