walks = {}


def count_step(r, job, pattern):
    cursor, seen = walks.get(job, (0, set()))
    cursor, keys = r.scan(cursor, match=pattern, count=500)
    seen.update(keys)
    if cursor != 0:
        walks[job] = (cursor, seen)
        return None
    walks.pop(job, None)
    return len(seen)
