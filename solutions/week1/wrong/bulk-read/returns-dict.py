def read_many(r, keys):
    if not keys:
        return {}
    return dict(zip(keys, r.mget(keys)))
