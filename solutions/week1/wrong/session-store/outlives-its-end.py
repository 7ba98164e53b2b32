import json
import secrets


def create_session(r, user, now, idle, lifetime):
    session = secrets.token_urlsafe(16)
    ends = now + lifetime
    r.set(f"session:{session}", json.dumps({"user": user, "ends": ends}), exat=min(now + idle, ends))
    return session


def read_session(r, session, now, idle):
    key = f"session:{session}"
    text = r.getex(key, exat=now + idle)
    if text is None:
        return None
    content = json.loads(text)
    r.expireat(key, content["ends"], lt=True)
    return content["user"]


def end_session(r, session):
    return r.delete(f"session:{session}") == 1
