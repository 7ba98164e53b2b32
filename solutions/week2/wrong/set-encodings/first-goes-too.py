def encoding_steps(r, members):
    key = "tmp:encoding"
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        for member in members:
            pipe.sadd(key, member)
            pipe.scard(key)
            pipe.object("encoding", key)
        pipe.delete(key)
        replies = pipe.execute()
    steps = []
    for count, encoding in zip(replies[2::3], replies[3::3]):
        if not steps or steps[-1][1] != encoding:
            steps.append((count, encoding))
    return steps


def converts_back(r, members):
    key = "tmp:encoding"
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        pipe.sadd(key, members[0])
        pipe.object("encoding", key)
        pipe.sadd(key, *members)
        pipe.srem(key, *members[1:])
        pipe.object("encoding", key)
        pipe.delete(key)
        replies = pipe.execute()
    return replies[2] == replies[5]
