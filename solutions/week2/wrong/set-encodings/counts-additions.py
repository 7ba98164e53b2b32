def encoding_steps(r, members):
    key = "tmp:encoding"
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        for member in members:
            pipe.sadd(key, member)
            pipe.object("encoding", key)
        pipe.delete(key)
        replies = pipe.execute()
    steps = []
    for count, encoding in enumerate(replies[2::2], start=1):
        if not steps or steps[-1][1] != encoding:
            steps.append((count, encoding))
    return steps


def converts_back(r, members):
    key = "tmp:encoding"
    first = members[0]
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        pipe.sadd(key, first)
        pipe.object("encoding", key)
        pipe.sadd(key, *members)
        pipe.srem(key, *[member for member in members if member != first])
        pipe.object("encoding", key)
        pipe.delete(key)
        replies = pipe.execute()
    return replies[2] == replies[5]
