def find_keys(r, pattern):
    _, page = r.scan(0, match=pattern, count=1000)
    return page
