def place(r, queue, job):
    index = r.lpos(queue, job)
    return None if index is None else index + 1


def places(r, queue, job):
    return [index + 1 for index in r.lpos(queue, job, count=0)]
