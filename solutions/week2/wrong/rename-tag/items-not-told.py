def rename_tag(r, old, new):
    before, after = f"tag:{old}:items", f"tag:{new}:items"
    if old == new:
        return r.scard(before)
    with r.pipeline(transaction=True) as pipe:
        pipe.scard(before)
        pipe.sunionstore(after, [after, before])
        pipe.delete(before)
        return pipe.execute()[0]
