def count_visit(r, page, day):
    key = f"visits:{page}:{day}"
    r.set(key, 0, ex=604800, nx=True)
    return r.incr(key)
