def count_hit(r, site, page, seconds):
    key = f"hits:{site}"
    count = int(r.hget(key, page) or 0) + 1
    r.hset(key, page, count)
    if count == 1:
        r.hexpire(key, seconds, page)
    return count


def page_hits(r, site):
    return {page: int(count) for page, count in r.hgetall(f"hits:{site}").items()}
