def find_keys(r, pattern):
    return list(set(r.scan_iter(match=pattern)))
