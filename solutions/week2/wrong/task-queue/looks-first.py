import json


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    text = r.rpop(queue)
    if text is None and timeout > 0:
        found = r.brpop(queue, timeout=timeout)
        text = found and found[1]
    return None if text is None else json.loads(text)
