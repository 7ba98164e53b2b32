def work_one(r, queue, processing, handle):
    job = r.rpop(queue)
    if job is None:
        return False
    r.lpush(processing, job)
    handle(job)
    r.lrem(processing, 1, job)
    return True
