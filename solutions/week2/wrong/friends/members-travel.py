def in_common(r, a, b):
    return r.smembers(f"friends:{a}") & r.smembers(f"friends:{b}")


def suggest(r, me, friend):
    return r.smembers(f"friends:{friend}") - r.smembers(f"friends:{me}") - {me}


def mark_friends(r, me, people):
    if not people:
        return {}
    return {person: bool(yes) for person, yes in zip(people, r.smismember(f"friends:{me}", people))}
