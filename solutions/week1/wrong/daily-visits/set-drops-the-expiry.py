def count_visit(r, page, day):
    key = f"visits:{page}:{day}"
    if r.set(key, 1, nx=True, ex=604800):
        return 1
    visits = int(r.get(key)) + 1
    r.set(key, visits)
    return visits
