def cache_all(r, entries, seconds, spread, rng):
    for key, value in entries.items():
        r.set(key, value, ex=seconds + rng.randint(0, spread))
