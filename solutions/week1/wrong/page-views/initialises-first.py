def page_view(r, page):
    key = f"page:{page}:views"
    if not r.exists(key):
        r.set(key, 0)
    return r.incr(key)
