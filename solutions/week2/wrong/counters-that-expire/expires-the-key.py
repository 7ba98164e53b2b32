def count_hit(r, site, page, seconds):
    key = f"hits:{site}"
    with r.pipeline(transaction=True) as pipe:
        pipe.hincrby(key, page, 1)
        pipe.expire(key, seconds, nx=True)
        count, _ = pipe.execute()
    return count


def page_hits(r, site):
    return {page: int(count) for page, count in r.hgetall(f"hits:{site}").items()}
