def work_one(r, queue, processing, handle):
    job = r.lmove(queue, processing, src="RIGHT", dest="LEFT")
    if job is None:
        return False
    r.lrem(processing, 1, job)
    handle(job)
    return True
