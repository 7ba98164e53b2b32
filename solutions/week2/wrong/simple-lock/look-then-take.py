import secrets


def acquire(r, name, seconds):
    if r.exists(f"lock:{name}"):
        return None
    token = secrets.token_hex(16)
    r.set(f"lock:{name}", token, ex=seconds)
    return token


def release(r, name, token):
    script = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then
          return redis.call('DEL', KEYS[1])
        end
        return 0
    """
    return r.eval(script, 1, f"lock:{name}", token) == 1
