def import_profiles(r, profiles, batch):
    everything = list(profiles)
    for start in range(0, len(everything), batch):
        pipe = r.pipeline(transaction=False)
        for key, fields in everything[start : start + batch]:
            pipe.hset(key, mapping=fields)
        pipe.execute()
    return len(everything)
