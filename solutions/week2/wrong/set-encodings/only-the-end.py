def encoding_steps(r, members):
    key = "tmp:encoding"
    with r.pipeline(transaction=True) as pipe:
        pipe.delete(key)
        pipe.sadd(key, *members)
        pipe.scard(key)
        pipe.object("encoding", key)
        pipe.delete(key)
        replies = pipe.execute()
    return [(replies[2], replies[3])]


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
