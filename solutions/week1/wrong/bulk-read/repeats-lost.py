def read_many(r, keys):
    if not keys:
        return []
    found = dict(zip(keys, r.mget(keys)))
    return list(found.values())
