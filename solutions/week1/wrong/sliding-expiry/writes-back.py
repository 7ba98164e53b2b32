def read_and_extend(r, key, seconds):
    value = r.get(key)
    if value is not None:
        r.set(key, value, ex=seconds)
    return value
