def update_user(r, user, changes):
    profile = read_user(r, user) | changes
    profile = {field: value for field, value in profile.items() if value is not None}
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(f"user:{user}")
        if profile:
            pipe.hset(f"user:{user}", mapping=profile)
        pipe.execute()


def read_user(r, user):
    return r.hgetall(f"user:{user}")
