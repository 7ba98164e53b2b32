def recover(r, queue, workers):
    moved = 0
    for worker in workers:
        if r.exists(f"alive:{worker}"):
            continue
        moved += r.llen(f"processing:{worker}")
        while r.lmove(f"processing:{worker}", queue, src="LEFT", dest="RIGHT") is not None:
            pass
    return moved
