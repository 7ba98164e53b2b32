def give_ends(r, pattern, seconds):
    repaired, cursor = [], None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=pattern, count=500)
        with r.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.expire(key, seconds, nx=True)
            pipe.execute()
        repaired += keys
    return sorted(repaired)
