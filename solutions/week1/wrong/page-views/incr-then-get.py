def page_view(r, page):
    key = f"page:{page}:views"
    r.incr(key)
    return int(r.get(key))
