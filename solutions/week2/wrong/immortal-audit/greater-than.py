def give_ends(r, pattern, seconds):
    repaired, cursor = [], None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=pattern, count=500)
        with r.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.ttl(key)
            immortal = [key for key, left in zip(keys, pipe.execute()) if left == -1]
            for key in immortal:
                pipe.expire(key, seconds, gt=True)
            pipe.execute()
            repaired += immortal
    return sorted(repaired)
