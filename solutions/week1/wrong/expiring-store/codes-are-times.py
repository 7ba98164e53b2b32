def put(r, key, value, seconds):
    r.set(key, value, ex=seconds)


def get(r, key):
    return r.get(key)


def ttl_left(r, key):
    return r.ttl(key)
