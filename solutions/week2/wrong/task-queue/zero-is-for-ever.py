import json


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    found = r.brpop(queue, timeout=timeout)
    return None if found is None else json.loads(found[1])
