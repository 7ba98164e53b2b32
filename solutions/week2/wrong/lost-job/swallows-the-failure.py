def work_one(r, queue, processing, handle):
    job = r.lmove(queue, processing, src="RIGHT", dest="LEFT")
    if job is None:
        return False
    try:
        handle(job)
        r.lrem(processing, 1, job)
    except Exception:
        print("job failed:", job)
    return True
