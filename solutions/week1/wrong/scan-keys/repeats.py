def find_keys(r, pattern):
    return list(r.scan_iter(match=pattern, count=500))
