def find_keys(r, pattern):
    return list(set(r.scan_iter(match=pattern, count=1_000_000)))
