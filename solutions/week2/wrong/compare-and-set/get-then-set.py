def cas(r, key, old, new):
    if r.get(key) != old:
        return False
    r.set(key, new, keepttl=True)
    return True
