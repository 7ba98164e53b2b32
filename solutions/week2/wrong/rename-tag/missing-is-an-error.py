def rename_tag(r, old, new):
    before, after = f"tag:{old}:items", f"tag:{new}:items"
    if old == new:
        return r.scard(before)

    def change(pipe):
        items = pipe.smembers(before)
        there = pipe.smembers(after)
        pipe.multi()
        pipe.rename(before, after)
        for item in there:
            pipe.sadd(after, item)
        for item in items:
            pipe.srem(f"item:{item}:tags", old)
            pipe.sadd(f"item:{item}:tags", new)
        return len(items)

    return r.transaction(change, before, after, value_from_callable=True)
