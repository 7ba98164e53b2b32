import threading

guard = threading.Lock()


def like(r, post, count=1):
    key = f"post:{post}:likes"
    with guard:
        total = int(r.get(key) or 0) + count
        r.set(key, total)
        return total
