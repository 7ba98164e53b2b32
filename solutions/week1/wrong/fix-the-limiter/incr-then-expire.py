def allow(r, client, limit, seconds):
    key = f"limit:{client}"
    count = r.incr(key)
    if count == 1:
        r.expire(key, seconds)
    return count <= limit
