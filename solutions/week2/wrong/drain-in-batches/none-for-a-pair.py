def take_batch(r, queues, n):
    return r.lmpop(len(queues), *queues, direction="RIGHT", count=n)
