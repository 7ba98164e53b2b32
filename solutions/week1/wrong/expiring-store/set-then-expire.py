import math


def put(r, key, value, seconds):
    r.set(key, value)
    r.expire(key, seconds)


def get(r, key):
    return r.get(key)


def ttl_left(r, key):
    left = r.ttl(key)
    if left == -2:
        return None
    return math.inf if left == -1 else left
