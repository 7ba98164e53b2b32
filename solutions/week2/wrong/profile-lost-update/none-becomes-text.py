def update_user(r, user, changes):
    if changes:
        r.hset(f"user:{user}", mapping={field: str(value) for field, value in changes.items()})


def read_user(r, user):
    return r.hgetall(f"user:{user}")
