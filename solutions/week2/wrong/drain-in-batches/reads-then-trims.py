def take_batch(r, queues, n):
    for queue in queues:
        jobs = r.lrange(queue, -n, -1)
        if jobs:
            r.ltrim(queue, 0, -n - 1)
            return queue, jobs[::-1]
    return None, []
