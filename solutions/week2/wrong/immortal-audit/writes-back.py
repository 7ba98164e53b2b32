from redis import ResponseError


def give_ends(r, pattern, seconds):
    repaired, cursor = [], None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=pattern, count=500)
        for key in keys:
            if r.ttl(key) == -1:
                try:
                    r.set(key, r.get(key) or "", ex=seconds)
                except ResponseError:
                    r.expire(key, seconds)
                repaired.append(key)
    return sorted(repaired)
