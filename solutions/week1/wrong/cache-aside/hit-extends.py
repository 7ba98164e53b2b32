import json


def cached(r, key, load, seconds):
    text = r.getex(key, ex=seconds)
    if text is not None:
        try:
            return json.loads(text)
        except ValueError:
            pass
    value = load()
    r.set(key, json.dumps(value), ex=seconds)
    return value
