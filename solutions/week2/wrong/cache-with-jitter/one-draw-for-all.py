def cache_all(r, entries, seconds, spread, rng):
    """Write all `entries`, each for `seconds` to `seconds + spread` seconds."""
    life = seconds + rng.randint(0, spread)
    with r.pipeline(transaction=False) as pipe:
        for key, value in entries.items():
            pipe.set(key, value, ex=life)
        pipe.execute()
