def minute_key(now, ago=0):
    return f"online:{int(now // 60) - ago}"


def seen(r, user, now):
    r.set(f"online:{int(now // 60)}:{user}", 1, ex=300)


def online(r, now):
    found = set()
    for ago in (0, 1):
        for key in r.scan_iter(match=f"{minute_key(now, ago)}:*", count=500):
            found.add(key.split(":", 2)[2])
    return found


def online_among(r, people, now):
    return online(r, now) & set(people)
