import json


def save_user(r, user, profile):
    text = r.get(f"user:{user}")
    logins = json.loads(text)["logins"] if text else 0
    r.set(f"user:{user}", json.dumps({**profile, "logins": logins}))


def load_user(r, user):
    text = r.get(f"user:{user}")
    return json.loads(text) if text else None


def set_newsletter(r, user, on):
    profile = load_user(r, user)
    profile["newsletter"] = on
    r.set(f"user:{user}", json.dumps(profile))


def count_login(r, user):
    profile = load_user(r, user)
    profile["logins"] += 1
    r.set(f"user:{user}", json.dumps(profile))
    return profile["logins"]
