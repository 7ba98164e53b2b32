import secrets


def issue(r, user, seconds):
    token = secrets.token_urlsafe(16)
    r.set(f"token:{token}", user, ex=seconds)
    return token


def redeem(r, token):
    user = r.get(f"token:{token}")
    r.delete(f"token:{token}")
    return user
