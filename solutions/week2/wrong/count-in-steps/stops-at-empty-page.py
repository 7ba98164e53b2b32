def count_step(r, job, pattern):
    place, seen = f"walk:{job}:cursor", f"walk:{job}:seen"
    cursor, keys = r.scan(r.get(place) or 0, match=pattern, count=500)
    with r.pipeline() as pipe:
        if keys:
            pipe.sadd(seen, *keys)
        if cursor != 0 and keys:
            pipe.set(place, cursor)
            pipe.execute()
            return None
        pipe.scard(seen)
        pipe.unlink(place, seen)
        return pipe.execute()[-2]
