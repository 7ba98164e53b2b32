def cas(r, key, old, new):
    before = r.set(key, new, keepttl=True, get=True)
    if before == old:
        return True
    if before is None:
        r.delete(key)
    else:
        r.set(key, before, keepttl=True)
    return False
