import json


def cached(r, key, load, seconds):
    if r.exists(key):
        return json.loads(r.get(key))
    value = load()
    r.set(key, json.dumps(value), ex=seconds)
    return value
