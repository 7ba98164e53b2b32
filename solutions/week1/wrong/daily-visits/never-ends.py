def count_visit(r, page, day):
    return r.incr(f"visits:{page}:{day}")
