def give_ends(r, pattern, seconds):
    keys = r.keys(pattern)
    with r.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.expire(key, seconds, nx=True)
        return sorted(key for key, done in zip(keys, pipe.execute()) if done)
