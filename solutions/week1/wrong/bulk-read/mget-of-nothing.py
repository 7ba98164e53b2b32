def read_many(r, keys):
    return r.mget(keys)
