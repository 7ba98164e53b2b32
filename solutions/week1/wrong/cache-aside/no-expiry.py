import json


def cached(r, key, load, seconds):
    text = r.get(key)
    if text is not None:
        try:
            return json.loads(text)
        except ValueError:
            pass
    value = load()
    r.set(key, json.dumps(value))
    r.expire(key, seconds)
    return value
