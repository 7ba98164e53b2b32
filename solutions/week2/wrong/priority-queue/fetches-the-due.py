def schedule(r, queue, job, priority, due):
    """Put `job` into the queue, to be taken at `due` or later, the higher its priority the sooner."""
    with r.pipeline(transaction=True) as pipe:
        pipe.zadd(f"{queue}:due", {job: due})
        pipe.zadd(f"{queue}:priority", {job: priority})
        pipe.execute()


def take(r, queue, now):
    """Take the most urgent of the jobs that are due at `now` out of the queue; None if there is none."""
    due = r.zrange(f"{queue}:due", "-inf", now, byscore=True)
    if not due:
        return None
    priorities = dict(zip(due, r.zmscore(f"{queue}:priority", due), strict=True))
    for job in sorted(due, key=lambda job: -(priorities[job] or 0)):
        with r.pipeline(transaction=True) as pipe:
            pipe.zrem(f"{queue}:due", job)
            pipe.zrem(f"{queue}:priority", job)
            mine, _ = pipe.execute()
        if mine:
            return job
    return None
