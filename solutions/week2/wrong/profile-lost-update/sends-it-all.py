import json

import redis


def update_user(r, user, changes):
    key = f"user:{user}"
    with r.pipeline(transaction=True) as pipe:
        while True:
            try:
                pipe.watch(key)
                profile = json.loads(pipe.get(key) or "{}") | changes
                profile = {field: value for field, value in profile.items() if value is not None}
                pipe.multi()
                pipe.set(key, json.dumps(profile))
                pipe.execute()
                return
            except redis.WatchError:
                continue


def read_user(r, user):
    return json.loads(r.get(f"user:{user}") or "{}")
