def take_batch(r, queues, n):
    found = r.lmpop(len(queues), *queues, direction="RIGHT")
    return (None, []) if found is None else tuple(found)
