def work_one(r, queue, processing, handle):
    """Take the oldest job of `queue` and call handle(job); return whether there was a job."""
    job = r.blmove(queue, processing, 1, src="RIGHT", dest="LEFT")
    if job is None:
        return False
    handle(job)
    r.lrem(processing, 1, job)
    return True
