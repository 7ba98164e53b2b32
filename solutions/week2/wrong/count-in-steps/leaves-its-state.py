def count_step(r, job, pattern):
    place, seen = f"walk:{job}:cursor", f"walk:{job}:seen"
    cursor, keys = r.scan(r.get(place) or 0, match=pattern, count=500)
    with r.pipeline() as pipe:
        if keys:
            pipe.sadd(seen, *keys)
        pipe.set(place, cursor)
        pipe.scard(seen)
        count = pipe.execute()[-1]
    return None if cursor != 0 else count
