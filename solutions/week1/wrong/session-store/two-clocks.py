import json
import secrets


def create_session(r, user, now, idle, lifetime):
    session = secrets.token_urlsafe(16)
    ends = now + lifetime
    r.set(f"session:{session}", json.dumps({"user": user, "ends": ends}), ex=min(idle, lifetime))
    return session


def read_session(r, session, now, idle):
    key = f"session:{session}"
    text = r.get(key)
    if text is None:
        return None
    content = json.loads(text)
    r.expire(key, max(0, min(idle, content["ends"] - now)))
    return content["user"]


def end_session(r, session):
    return r.delete(f"session:{session}") == 1
