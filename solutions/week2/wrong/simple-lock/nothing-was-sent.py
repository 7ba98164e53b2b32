import secrets


def acquire(r, name, seconds):
    token = secrets.token_hex(16)
    with r.pipeline() as pipe:
        return token if pipe.set(f"lock:{name}", token, nx=True, ex=seconds) else None


def release(r, name, token):
    script = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then
          return redis.call('DEL', KEYS[1])
        end
        return 0
    """
    return r.eval(script, 1, f"lock:{name}", token) == 1
