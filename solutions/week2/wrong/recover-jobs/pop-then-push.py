def recover(r, queue, workers):
    moved = 0
    for worker in workers:
        if r.exists(f"alive:{worker}"):
            continue
        while (job := r.lpop(f"processing:{worker}")) is not None:
            r.rpush(queue, job)
            moved += 1
    return moved
