def give_ends(r, pattern, seconds):
    repaired, cursor = [], None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=pattern, count=500)
        with r.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.ttl(key)
                pipe.expire(key, seconds, nx=True)
            replies = pipe.execute()
        repaired += [key for key, left in zip(keys, replies[::2]) if left < 0]
    return sorted(repaired)
