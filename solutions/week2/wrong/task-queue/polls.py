import json
import time


def submit(r, queue, task):
    r.lpush(queue, json.dumps(task))


def take(r, queue, timeout):
    end = time.monotonic() + timeout
    while True:
        text = r.rpop(queue)
        if text is not None:
            return json.loads(text)
        if time.monotonic() >= end:
            return None
        time.sleep(0.01)
