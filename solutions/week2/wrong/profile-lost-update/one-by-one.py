def update_user(r, user, changes):
    fields = {field: value for field, value in changes.items() if value is not None}
    gone = [field for field, value in changes.items() if value is None]
    with r.pipeline(transaction=False) as pipe:
        if fields:
            pipe.hset(f"user:{user}", mapping=fields)
        if gone:
            pipe.hdel(f"user:{user}", *gone)
        pipe.execute()


def read_user(r, user):
    return r.hgetall(f"user:{user}")
