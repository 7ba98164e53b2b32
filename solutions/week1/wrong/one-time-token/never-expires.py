import secrets


def issue(r, user, seconds):
    token = secrets.token_urlsafe(16)
    r.set(f"token:{token}", user)
    return token


def redeem(r, token):
    return r.getdel(f"token:{token}")
