import random


def acquire(r, name, seconds):
    token = str(random.randint(1, 1_000_000))
    return token if r.set(f"lock:{name}", token, nx=True, ex=seconds) else None


def release(r, name, token):
    script = """
        if redis.call('GET', KEYS[1]) == ARGV[1] then
          return redis.call('DEL', KEYS[1])
        end
        return 0
    """
    return r.eval(script, 1, f"lock:{name}", token) == 1
