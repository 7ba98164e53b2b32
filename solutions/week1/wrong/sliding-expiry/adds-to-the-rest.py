def read_and_extend(r, key, seconds):
    left = r.ttl(key)
    return r.getex(key, ex=max(left, 0) + seconds)
