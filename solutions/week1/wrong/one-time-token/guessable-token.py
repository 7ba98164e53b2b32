def issue(r, user, seconds):
    token = str(r.incr("last-token"))
    r.set(f"token:{token}", user, ex=seconds)
    return token


def redeem(r, token):
    return r.getdel(f"token:{token}")
