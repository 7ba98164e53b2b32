def import_profiles(r, profiles, batch):
    pipe = r.pipeline(transaction=False)
    for key, fields in profiles:
        pipe.hset(key, mapping=fields)
    return len(pipe.execute())
