import uuid


def allow(r, client, now, limit, seconds):
    """Return whether a request of `client` at `now` is among the `limit` that may pass in `seconds` seconds."""
    key = f"window:{client}"
    r.zremrangebyscore(key, "-inf", now - seconds)
    if r.zcard(key) >= limit:
        return False
    with r.pipeline(transaction=True) as pipe:
        pipe.zadd(key, {uuid.uuid4().hex: now})
        pipe.expire(key, seconds)
        pipe.execute()
    return True
