def read_and_extend(r, key, seconds):
    return r.getex(key)
