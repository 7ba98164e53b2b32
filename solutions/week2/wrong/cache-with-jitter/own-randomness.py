import random


def cache_all(r, entries, seconds, spread, rng):
    """Write all `entries`, each for `seconds` to `seconds + spread` seconds."""
    with r.pipeline(transaction=False) as pipe:
        for key, value in entries.items():
            pipe.set(key, value, ex=seconds + random.randint(0, spread))
        pipe.execute()
