def count_step(r, job, pattern):
    state = f"walk:{job}"
    cursor, keys = r.scan(r.hget(state, "cursor") or 0, match=pattern, count=500)
    with r.pipeline() as pipe:
        pipe.hincrby(state, "count", len(keys))
        if cursor != 0:
            pipe.hset(state, "cursor", cursor)
            pipe.execute()
            return None
        pipe.unlink(state)
        return pipe.execute()[0]
