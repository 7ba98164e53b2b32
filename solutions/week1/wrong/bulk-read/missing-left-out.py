def read_many(r, keys):
    if not keys:
        return []
    return [value for value in r.mget(keys) if value is not None]
