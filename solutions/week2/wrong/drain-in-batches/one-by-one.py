def take_batch(r, queues, n):
    for queue in queues:
        jobs = []
        while len(jobs) < n and (job := r.rpop(queue)) is not None:
            jobs.append(job)
        if jobs:
            return queue, jobs
    return None, []
