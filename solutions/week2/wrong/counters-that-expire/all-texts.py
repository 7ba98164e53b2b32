def count_hit(r, site, page, seconds):
    key = f"hits:{site}"
    with r.pipeline(transaction=True) as pipe:
        pipe.hincrby(key, page, 1)
        pipe.hexpire(key, seconds, page, nx=True)
        count, _ = pipe.execute()
    return count


def page_hits(r, site):
    return r.hgetall(f"hits:{site}")
