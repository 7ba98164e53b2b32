def like(r, post, count=1):
    key = f"post:{post}:likes"
    total = r.incrby(key, count)
    r.expire(key, 3600)
    return total
