def visit(r, day, visitor):
    with r.pipeline(transaction=True) as pipe:
        pipe.sadd(f"visitors:{day}", visitor)
        pipe.expire(f"visitors:{day}", 30 * 86400)
        added, _ = pipe.execute()
    return added == 1


def unique_in(r, days):
    if not days:
        return 0
    return len(r.sunion([f"visitors:{day}" for day in days]))


def came_back(r, day, later):
    return len(r.sinter([f"visitors:{day}", f"visitors:{later}"]))


def newcomers(r, day, before):
    return r.sdiff([f"visitors:{day}"] + [f"visitors:{other}" for other in before])
