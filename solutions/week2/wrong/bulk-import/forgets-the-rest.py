def import_profiles(r, profiles, batch):
    count = 0
    pipe = r.pipeline(transaction=False)
    for key, fields in profiles:
        pipe.hset(key, mapping=fields)
        count += 1
        if count % batch == 0:
            pipe.execute()
    return count
