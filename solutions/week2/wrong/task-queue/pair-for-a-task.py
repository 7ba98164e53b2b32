import json


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    found = r.brpop(queue, timeout=timeout or 0.01)
    if found is None:
        return None
    queue, text = found
    return queue, json.loads(text)
