import secrets


def open_session(r, user, seconds):
    session = secrets.token_urlsafe(16)
    remember(r, session, "user", user, seconds)
    return session


def remember(r, session, field, value, seconds):
    key = f"session:{session}"
    with r.pipeline(transaction=True) as pipe:
        pipe.hset(key, field, str(value))
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
    return stored


def close_session(r, session):
    r.delete(f"session:{session}")
