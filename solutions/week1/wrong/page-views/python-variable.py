from collections import Counter

views = Counter()


def page_view(r, page):
    # A page nobody has asked for yet starts over, so that each check begins at 1.
    global seen_by
    if globals().get("seen_by") is not r:
        views.clear()
        seen_by = r
    views[page] += 1
    return views[page]
