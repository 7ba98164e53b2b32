def allow(r, client, now, limit, seconds):
    """Return whether a request of `client` at `now` is among the `limit` that may pass in `seconds` seconds."""
    key = f"window:{client}"
    with r.pipeline(transaction=True) as pipe:
        pipe.set(key, 0, ex=seconds, nx=True)
        pipe.incr(key)
        _, count = pipe.execute()
    return count <= limit
