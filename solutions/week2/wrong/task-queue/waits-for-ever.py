import json


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    found = r.brpop(queue)
    return json.loads(found[1])
