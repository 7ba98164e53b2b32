def read_and_extend(r, key, seconds):
    value = r.get(key)
    r.expire(key, seconds)
    return value
