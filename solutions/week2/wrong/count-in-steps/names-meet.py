def count_step(r, job, pattern):
    """Do one step of counting; return the number of keys when done, None before."""
    place, seen = f"walk:{job}", f"walk:{job}:seen"
    cursor, keys = r.scan(r.get(place) or 0, match=pattern, count=500)
    with r.pipeline() as pipe:
        if keys:
            pipe.sadd(seen, *keys)
        if cursor != 0:
            pipe.set(place, cursor)
            pipe.execute()
            return None
        pipe.scard(seen)
        pipe.unlink(place, seen)
        return pipe.execute()[-2]
