def allow(r, client, limit, seconds):
    key = f"limit:{client}"
    if int(r.get(key) or 0) >= limit:
        return False
    with r.pipeline(transaction=True) as pipe:
        pipe.incr(key)
        pipe.expire(key, seconds, nx=True)
        pipe.execute()
    return True
