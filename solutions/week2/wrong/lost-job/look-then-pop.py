def work_one(r, queue, processing, handle):
    job = r.lindex(queue, -1)
    if job is None:
        return False
    r.lpush(processing, job)
    handle(job)
    with r.pipeline(transaction=True) as pipe:
        pipe.rpop(queue)
        pipe.lrem(processing, 1, job)
        pipe.execute()
    return True
