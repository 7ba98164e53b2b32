def cache_all(r, entries, seconds, spread, rng):
    if not entries:
        return
    with r.pipeline(transaction=False) as pipe:
        pipe.mset(entries)
        for key in entries:
            pipe.expire(key, seconds + rng.randint(0, spread))
        pipe.execute()
