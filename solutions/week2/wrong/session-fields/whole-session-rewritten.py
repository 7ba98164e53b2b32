import json
import secrets


def write(r, session, fields, seconds):
    key = f"session:{session}"
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        pipe.hset(key, mapping={field: json.dumps(value) for field, value in fields.items()})
        pipe.expire(key, seconds)
        pipe.execute()


def open_session(r, user, seconds):
    session = secrets.token_urlsafe(16)
    write(r, session, {"user": user}, seconds)
    return session


def remember(r, session, field, value, seconds):
    fields = recall(r, session, seconds)
    if fields is not None:
        write(r, session, fields | {field: value}, seconds)


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
