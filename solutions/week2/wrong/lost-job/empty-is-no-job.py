def work_one(r, queue, processing, handle):
    """Take the oldest job of `queue` and call handle(job); return whether there was a job."""
    job = r.lmove(queue, processing, src="RIGHT", dest="LEFT")
    if not job:
        return False
    handle(job)
    r.lrem(processing, 1, job)
    return True
