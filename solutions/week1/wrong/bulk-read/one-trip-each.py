def read_many(r, keys):
    return [r.get(key) for key in keys]
