def in_common(r, a, b):
    return r.sinter([f"friends:{a}", f"friends:{b}"])


def suggest(r, me, friend):
    return r.sdiff([f"friends:{friend}", f"friends:{me}"]) - {me}


def mark_friends(r, me, people):
    return {person: bool(r.sismember(f"friends:{me}", person)) for person in people}
