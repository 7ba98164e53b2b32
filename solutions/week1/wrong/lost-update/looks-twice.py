def like(r, post, count=1):
    key = f"post:{post}:likes"
    while True:
        before = r.get(key)
        total = int(before or 0) + count
        if r.get(key) == before:
            r.set(key, total, keepttl=True)
            return total
