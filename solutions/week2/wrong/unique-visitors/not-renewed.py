def visit(r, day, visitor):
    added = r.sadd(f"visitors:{day}", visitor)
    if added:
        r.expire(f"visitors:{day}", 30 * 86400)
    return added == 1


def unique_in(r, days):
    if not days:
        return 0
    with r.pipeline(transaction=True) as pipe:
        pipe.sunionstore("tmp:visitors", [f"visitors:{day}" for day in days])
        pipe.unlink("tmp:visitors")
        count, _ = pipe.execute()
    return count


def came_back(r, day, later):
    return r.sintercard(2, [f"visitors:{day}", f"visitors:{later}"])


def newcomers(r, day, before):
    return r.sdiff([f"visitors:{day}"] + [f"visitors:{other}" for other in before])
