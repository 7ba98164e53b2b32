import secrets


def acquire(r, name, seconds):
    token = secrets.token_hex(16)
    return token if r.set(f"lock:{name}", token, nx=True, ex=seconds) else None


def release(r, name, token):
    return r.delete(f"lock:{name}") == 1
