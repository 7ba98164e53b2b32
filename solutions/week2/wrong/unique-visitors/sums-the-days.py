def visit(r, day, visitor):
    with r.pipeline(transaction=True) as pipe:
        pipe.sadd(f"visitors:{day}", visitor)
        pipe.expire(f"visitors:{day}", 30 * 86400)
        added, _ = pipe.execute()
    return added == 1


def unique_in(r, days):
    with r.pipeline() as pipe:
        for day in days:
            pipe.scard(f"visitors:{day}")
        return sum(pipe.execute())


def came_back(r, day, later):
    return r.sintercard(2, [f"visitors:{day}", f"visitors:{later}"])


def newcomers(r, day, before):
    return r.sdiff([f"visitors:{day}"] + [f"visitors:{other}" for other in before])
