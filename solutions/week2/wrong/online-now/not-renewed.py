def minute_key(now, ago=0):
    return f"online:{int(now // 60) - ago}"


def seen(r, user, now):
    with r.pipeline(transaction=True) as pipe:
        pipe.sadd(minute_key(now), user)
        pipe.expire(minute_key(now), 300, nx=True)
        pipe.execute()


def online(r, now):
    return r.sunion([minute_key(now), minute_key(now, ago=1)])


def online_among(r, people, now):
    if not people:
        return set()
    with r.pipeline(transaction=False) as pipe:
        pipe.smismember(minute_key(now), people)
        pipe.smismember(minute_key(now, ago=1), people)
        this_minute, last_minute = pipe.execute()
    return {person for person, a, b in zip(people, this_minute, last_minute) if a or b}
