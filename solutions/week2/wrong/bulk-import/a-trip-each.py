def import_profiles(r, profiles, batch):
    count = 0
    for key, fields in profiles:
        r.hset(key, mapping=fields)
        count += 1
    return count
