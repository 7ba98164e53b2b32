def cache_all(r, entries, seconds, spread, rng):
    with r.pipeline() as pipe:
        for key, value in entries.items():
            pipe.set(key, value, ex=seconds + rng.randint(0, spread))
        pipe.execute()
