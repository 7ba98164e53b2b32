def minute_key(now, ago=0):
    return f"online:{int(now // 60) - ago}"


def seen(r, user, now):
    with r.pipeline(transaction=True) as pipe:
        pipe.sadd("online", user)
        pipe.expire("online", 300)
        pipe.execute()


def online(r, now):
    return r.smembers("online")


def online_among(r, people, now):
    if not people:
        return set()
    return {person for person, yes in zip(people, r.smismember("online", people)) if yes}
