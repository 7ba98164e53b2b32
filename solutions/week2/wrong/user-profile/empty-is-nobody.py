import json


def save_user(r, user, profile):
    key = f"user:{user}"
    fields = {
        "name": profile["name"],
        "age": profile["age"],
        "newsletter": int(profile["newsletter"]),
        "interests": json.dumps(profile["interests"]),
    }
    with r.pipeline(transaction=True) as pipe:
        if profile["city"] is None:
            pipe.hdel(key, "city")
        else:
            fields["city"] = profile["city"]
        pipe.hset(key, mapping=fields)
        pipe.execute()


def load_user(r, user):
    stored = r.hgetall(f"user:{user}")
    if not stored.get("name"):
        return None
    return {
        "name": stored["name"],
        "age": int(stored["age"]),
        "newsletter": stored["newsletter"] == "1",
        "interests": json.loads(stored["interests"]),
        "city": stored.get("city"),
        "logins": int(stored.get("logins", 0)),
    }


def set_newsletter(r, user, on):
    r.hset(f"user:{user}", "newsletter", int(on))


def count_login(r, user):
    return r.hincrby(f"user:{user}", "logins", 1)
