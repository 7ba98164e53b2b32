def read_many(r, keys):
    if not keys:
        return []
    return [value or None for value in r.mget(keys)]
