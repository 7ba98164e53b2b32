def recover(r, queue, workers):
    moved = 0
    for worker in workers:
        if r.exists(f"alive:{worker}"):
            continue
        jobs = r.lrange(f"processing:{worker}", 0, -1)
        if jobs:
            with r.pipeline(transaction=True) as pipe:
                pipe.rpush(queue, *jobs)
                pipe.delete(f"processing:{worker}")
                pipe.execute()
            moved += len(jobs)
    return moved
