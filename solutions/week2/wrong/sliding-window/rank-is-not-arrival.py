import uuid


def allow(r, client, now, limit, seconds):
    """Return whether a request of `client` at `now` is among the `limit` that may pass in `seconds` seconds."""
    key = f"window:{client}"
    member = uuid.uuid4().hex
    with r.pipeline(transaction=True) as pipe:
        pipe.zremrangebyscore(key, "-inf", now - seconds)
        pipe.zadd(key, {member: now})
        pipe.zrank(key, member)
        pipe.zremrangebyrank(key, limit, -1)
        pipe.expire(key, seconds)
        replies = pipe.execute()
    return replies[2] < limit
