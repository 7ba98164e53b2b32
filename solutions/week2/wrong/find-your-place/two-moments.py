def place(r, queue, job):
    index = r.lpos(queue, job, rank=-1)
    return None if index is None else r.llen(queue) - index


def places(r, queue, job):
    indexes = r.lpos(queue, job, rank=-1, count=0)
    length = r.llen(queue)
    return [length - index for index in indexes]
