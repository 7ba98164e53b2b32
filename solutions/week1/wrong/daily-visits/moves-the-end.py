def count_visit(r, page, day):
    key = f"visits:{page}:{day}"
    pipe = r.pipeline(transaction=True)
    pipe.incr(key)
    pipe.expire(key, 604800)
    visits, _ = pipe.execute()
    return visits
