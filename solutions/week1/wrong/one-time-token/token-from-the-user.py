import hashlib


def issue(r, user, seconds):
    token = hashlib.sha256(user.encode()).hexdigest()
    r.set(f"token:{token}", user, ex=seconds)
    return token


def redeem(r, token):
    return r.getdel(f"token:{token}")
