def work_one(r, queue, processing, handle):
    """Take the oldest job of `queue` and call handle(job); return whether there was a job."""
    job = r.lmove(queue, processing, src="RIGHT", dest="LEFT")
    if job is None:
        return False
    handle(job)
    r.rpop(processing)
    return True
