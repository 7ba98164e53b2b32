import secrets


def issue(r, user, seconds):
    token = secrets.token_urlsafe(16)
    r.set(token, user, ex=seconds)
    return token


def redeem(r, token):
    return r.getdel(token)
