import json


def update_profile(r, key, field, value):
    text = r.get(key)
    if text is None:
        return False
    profile = json.loads(text)
    profile[field] = value
    r.set(key, json.dumps(profile), keepttl=True)
    return True
