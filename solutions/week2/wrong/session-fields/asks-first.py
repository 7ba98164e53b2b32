import json
import secrets


def open_session(r, user, seconds):
    session = secrets.token_urlsafe(16)
    remember(r, session, "user", user, seconds)
    return session


def remember(r, session, field, value, seconds):
    key = f"session:{session}"
    if field != "user" and not r.exists(key):
        return
    with r.pipeline(transaction=True) as pipe:
        pipe.hset(key, field, json.dumps(value))
        pipe.expire(key, seconds)
        pipe.execute()


def recall(r, session, seconds):
    key = f"session:{session}"
    with r.pipeline(transaction=True) as pipe:
        pipe.hgetall(key)
        pipe.expire(key, seconds)
        stored, _ = pipe.execute()
    if "user" not in stored:
        return None
    return {field: json.loads(text) for field, text in stored.items()}


def close_session(r, session):
    r.delete(f"session:{session}")
