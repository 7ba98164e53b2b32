def place(r, queue, job):
    jobs = r.lrange(queue, 0, -1)[::-1]
    return jobs.index(job) + 1 if job in jobs else None


def places(r, queue, job):
    jobs = r.lrange(queue, 0, -1)[::-1]
    return [place for place, other in enumerate(jobs, 1) if other == job]
