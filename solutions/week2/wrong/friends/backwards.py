def in_common(r, a, b):
    return r.sinter([f"friends:{a}", f"friends:{b}"])


def suggest(r, me, friend):
    return r.sdiff([f"friends:{me}", f"friends:{friend}"]) - {me}


def mark_friends(r, me, people):
    if not people:
        return {}
    return {person: bool(yes) for person, yes in zip(people, r.smismember(f"friends:{me}", people))}
