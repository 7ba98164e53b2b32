def count_visit(r, page, day):
    key = f"visits:{page}:{day}"
    visits = r.incr(key)
    if visits == 1:
        r.expire(key, 604800)
    return visits
