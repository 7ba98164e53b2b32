def submit(r, queue, task):
    r.lpush(queue, str(task))


def take(r, queue, timeout):
    if timeout == 0:
        return r.rpop(queue)
    found = r.brpop(queue, timeout=timeout)
    return None if found is None else found[1]
