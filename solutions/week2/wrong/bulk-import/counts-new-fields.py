def import_profiles(r, profiles, batch):
    count = 0
    pipe = r.pipeline(transaction=False)
    for key, fields in profiles:
        pipe.hset(key, mapping=fields)
        if len(pipe) == batch:
            count += sum(1 for reply in pipe.execute() if reply)
    return count + sum(1 for reply in pipe.execute() if reply)
