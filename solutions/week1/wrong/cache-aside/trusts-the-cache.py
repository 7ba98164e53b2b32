import json


def cached(r, key, load, seconds):
    text = r.get(key)
    if text is not None:
        return json.loads(text)
    value = load()
    r.set(key, json.dumps(value), ex=seconds)
    return value
