def in_common(r, a, b):
    return r.sinter([f"friends:{a}", f"friends:{b}"])


def suggest(r, me, friend):
    return r.sdiff([f"friends:{friend}", f"friends:{me}"]) - {me}


def mark_friends(r, me, people):
    if not people:
        return {}
    yes = r.smismember(f"friends:{me}", sorted(set(people)))
    return {person: bool(found) for person, found in zip(people, yes)}
