def count_hit(r, site, page, seconds):
    key = f"hits:{site}"
    count = r.hincrby(key, page, 1)
    if count == 1:
        r.hexpire(key, seconds, page)
    return count


def page_hits(r, site):
    return {page: int(count) for page, count in r.hgetall(f"hits:{site}").items()}
