def rename_tag(r, old, new):
    if old == new:
        return r.scard(f"tag:{old}:items")

    def change(pipe):
        items = pipe.smembers(f"tag:{old}:items")
        pipe.multi()
        if items:
            pipe.rename(f"tag:{old}:items", f"tag:{new}:items")
        for item in items:
            pipe.srem(f"item:{item}:tags", old)
            pipe.sadd(f"item:{item}:tags", new)
        return len(items)

    return r.transaction(change, f"tag:{old}:items", value_from_callable=True)
