def give_ends(r, pattern, seconds):
    repaired, cursor = [], None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=pattern, count=500)
        repaired += [key for key in keys if r.expire(key, seconds, nx=True)]
    return sorted(repaired)
