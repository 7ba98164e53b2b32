import json


def update_user(r, user, changes):
    profile = read_user(r, user) | changes
    profile = {field: value for field, value in profile.items() if value is not None}
    r.set(f"user:{user}", json.dumps(profile))


def read_user(r, user):
    return json.loads(r.get(f"user:{user}") or "{}")
