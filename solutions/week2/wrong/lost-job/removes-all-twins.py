def work_one(r, queue, processing, handle):
    job = r.lmove(queue, processing, src="RIGHT", dest="LEFT")
    if job is None:
        return False
    handle(job)
    r.lrem(processing, 0, job)
    return True
