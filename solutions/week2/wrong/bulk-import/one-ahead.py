def import_profiles(r, profiles, batch):
    count = 0
    pipe = r.pipeline(transaction=False)
    for key, fields in profiles:
        if count and count % batch == 0:
            pipe.execute()
        pipe.hset(key, mapping=fields)
        count += 1
    pipe.execute()
    return count
