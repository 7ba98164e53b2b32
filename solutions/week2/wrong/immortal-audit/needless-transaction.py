def give_ends(r, pattern, seconds):
    repaired, cursor = [], None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=pattern, count=500)
        with r.pipeline() as pipe:
            for key in keys:
                pipe.expire(key, seconds, nx=True)
            repaired += [key for key, done in zip(keys, pipe.execute()) if done]
    return sorted(repaired)
