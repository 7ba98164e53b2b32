def recover(r, queue, workers):
    moved = 0
    for worker in workers:
        while r.lmove(f"processing:{worker}", queue, src="LEFT", dest="RIGHT") is not None:
            moved += 1
    return moved
