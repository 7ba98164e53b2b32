def like(r, post, count=1):
    key = f"post:{post}:likes"
    total = int(r.get(key) or 0) + count
    with r.pipeline(transaction=True) as pipe:
        pipe.set(key, total, keepttl=True)
        pipe.execute()
    return total
