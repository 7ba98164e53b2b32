def page_view(r, page):
    return r.incr("page:views")
