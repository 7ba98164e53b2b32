def record(r, series, when, reading, keep):
    """Store `reading`, taken at `when`, and forget what is `keep` seconds older."""
    r.zadd(series, {when: reading})
    r.zremrangebyscore(series, "-inf", when - keep)


def window(r, series, start, end):
    """Return the readings from `start` to before `end` as [(when, reading), …], oldest first."""
    found = r.zrange(series, start, end, byscore=True, withscores=True)
    return [(float(when), reading) for when, reading in found]
