import json


def update_profile(r, key, field, value):
    text = r.get(key)
    if text is None:
        return False
    profile = json.loads(text)
    profile[field] = value
    left = r.ttl(key)
    if left == -1:
        r.set(key, json.dumps(profile))
    else:
        r.set(key, json.dumps(profile), ex=left)
    return True
