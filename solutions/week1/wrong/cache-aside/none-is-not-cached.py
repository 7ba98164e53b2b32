import json


def cached(r, key, load, seconds):
    text = r.get(key)
    if text is not None:
        try:
            return json.loads(text)
        except ValueError:
            pass
    value = load()
    if value is not None:
        r.set(key, json.dumps(value), ex=seconds)
    return value
