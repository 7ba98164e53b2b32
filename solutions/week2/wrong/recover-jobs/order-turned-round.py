def recover(r, queue, workers):
    moved = 0
    for worker in workers:
        if r.exists(f"alive:{worker}"):
            continue
        while r.lmove(f"processing:{worker}", queue, src="RIGHT", dest="RIGHT") is not None:
            moved += 1
    return moved
