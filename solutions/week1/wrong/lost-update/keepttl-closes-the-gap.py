def like(r, post, count=1):
    key = f"post:{post}:likes"
    total = int(r.get(key) or 0) + count
    r.set(key, total, keepttl=True)
    return total
