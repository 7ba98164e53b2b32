import uuid


def allow(r, client, now, limit, seconds):
    """Return whether a request of `client` at `now` is among the `limit` that may pass in `seconds` seconds."""
    key = f"window:{client}"
    with r.pipeline(transaction=True) as pipe:
        pipe.zremrangebyscore(key, "-inf", now - seconds)
        pipe.zadd(key, {uuid.uuid4().hex: now})
        pipe.zcard(key)
        pipe.expire(key, seconds)
        count = pipe.execute()[2]
    return count <= limit
