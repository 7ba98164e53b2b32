import math


def put(r, key, value, seconds):
    r.set(key, value, ex=seconds)


def get(r, key):
    if r.exists(key):
        return r.get(key)
    return None


def ttl_left(r, key):
    left = r.ttl(key)
    if left == -2:
        return None
    return math.inf if left == -1 else left
