def update_user(r, user, changes):
    fields = {field: value for field, value in changes.items() if value is not None}
    if fields:
        r.hset(f"user:{user}", mapping=fields)


def read_user(r, user):
    return r.hgetall(f"user:{user}")
