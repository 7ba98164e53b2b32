def place(r, queue, job):
    with r.pipeline(transaction=False) as pipe:
        pipe.lpos(queue, job, rank=-1)
        pipe.llen(queue)
        index, length = pipe.execute()
    return None if index is None else length - index


def places(r, queue, job):
    with r.pipeline(transaction=False) as pipe:
        pipe.lpos(queue, job, rank=-1, count=0)
        pipe.llen(queue)
        indexes, length = pipe.execute()
    return [length - index for index in indexes]
