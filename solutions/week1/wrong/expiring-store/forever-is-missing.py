def put(r, key, value, seconds):
    r.set(key, value, ex=seconds)


def get(r, key):
    return r.get(key)


def ttl_left(r, key):
    left = r.ttl(key)
    return left if left > 0 else None
