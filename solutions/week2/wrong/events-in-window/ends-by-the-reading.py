import uuid


def record(r, series, when, reading, keep):
    """Store `reading`, taken at `when`, and forget what is `keep` seconds older."""
    with r.pipeline(transaction=True) as pipe:
        pipe.zadd(series, {f"{uuid.uuid4().hex}:{reading}": when})
        pipe.zremrangebyscore(series, "-inf", when - keep)
        pipe.expireat(series, int(when + keep))
        pipe.execute()


def window(r, series, start, end):
    """Return the readings from `start` to before `end` as [(when, reading), …], oldest first."""
    found = r.zrange(series, start, f"({end}", byscore=True, withscores=True)
    return [(when, float(member.split(":")[1])) for member, when in found]
