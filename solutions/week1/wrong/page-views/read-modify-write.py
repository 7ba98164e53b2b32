def page_view(r, page):
    views = int(r.get(f"page:{page}:views") or 0) + 1
    r.set(f"page:{page}:views", views)
    return views
