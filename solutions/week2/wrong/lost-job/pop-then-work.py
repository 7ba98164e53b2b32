def work_one(r, queue, processing, handle):
    job = r.rpop(queue)
    if job is None:
        return False
    try:
        handle(job)
    except Exception:
        r.lpush(processing, job)
        raise
    return True
