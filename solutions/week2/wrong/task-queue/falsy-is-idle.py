import json


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    if timeout == 0:
        text = r.rpop(queue)
    else:
        found = r.brpop(queue, timeout=timeout)
        text = found and found[1]
    task = json.loads(text or "null")
    return task if task else None
