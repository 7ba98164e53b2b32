def cached(r, key, load, seconds):
    value = r.get(key)
    if value is None:
        value = load()
        r.set(key, str(value), ex=seconds)
    return value
