def count_step(r, job, pattern):
    return len(set(r.scan_iter(match=pattern, count=500)))
