import json


def cached(r, key, load, seconds):
    text = r.get(key)
    value = None
    try:
        value = json.loads(text or "null")
    except ValueError:
        pass
    if not value:
        value = load()
        r.set(key, json.dumps(value), ex=seconds)
    return value
