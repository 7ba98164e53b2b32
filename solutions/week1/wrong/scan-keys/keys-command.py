def find_keys(r, pattern):
    return r.keys(pattern)
