def encoding_steps(r, members):
    key = "tmp:encoding"
    r.delete(key)
    steps = []
    for member in members:
        r.sadd(key, member)
        encoding = r.object("encoding", key)
        if not steps or steps[-1][1] != encoding:
            steps.append((r.scard(key), encoding))
    r.delete(key)
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
