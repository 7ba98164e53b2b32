import json


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    if timeout == 0:
        text = r.lpop(queue)
    else:
        found = r.blpop(queue, timeout=timeout)
        text = found and found[1]
    return None if text is None else json.loads(text)
