def recover(r, queue, workers):
    moved = 0
    for worker in workers:
        if r.exists(f"alive:{worker}"):
            continue
        while (job := r.lindex(f"processing:{worker}", 0)) is not None:
            r.rpush(queue, job)
            moved += r.lrem(f"processing:{worker}", 1, job)
    return moved
