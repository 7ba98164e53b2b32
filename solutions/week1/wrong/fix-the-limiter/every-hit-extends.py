def allow(r, client, limit, seconds):
    key = f"limit:{client}"
    with r.pipeline(transaction=True) as pipe:
        pipe.incr(key)
        pipe.expire(key, seconds)
        count, _ = pipe.execute()
    return count <= limit
