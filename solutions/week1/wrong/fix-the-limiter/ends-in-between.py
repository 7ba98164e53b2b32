def allow(r, client, limit, seconds):
    key = f"limit:{client}"
    r.set(key, 0, ex=seconds, nx=True)
    return r.incr(key) <= limit
