def count_step(r, job, pattern):
    place, seen = f"walk:{job}:cursor", f"walk:{job}:seen"
    cursor, keys = r.scan(r.get(place) or 0, match=pattern, count=500)
    if cursor != 0:
        with r.pipeline(transaction=False) as pipe:
            pipe.set(place, cursor)
            if keys:
                pipe.sadd(seen, *keys)
            pipe.execute()
        return None
    with r.pipeline() as pipe:
        if keys:
            pipe.sadd(seen, *keys)
        pipe.scard(seen)
        pipe.unlink(place, seen)
        return pipe.execute()[-2]
