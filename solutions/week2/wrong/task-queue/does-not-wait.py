import json


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    text = r.rpop(queue)
    return None if text is None else json.loads(text)
