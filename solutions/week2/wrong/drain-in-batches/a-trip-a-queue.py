def take_batch(r, queues, n):
    for queue in queues:
        jobs = r.rpop(queue, n)
        if jobs:
            return queue, jobs
    return None, []
