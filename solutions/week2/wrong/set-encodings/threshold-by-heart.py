def encoding_steps(r, members):
    r.delete("tmp:encoding")
    r.sadd("tmp:encoding", *members)
    held = r.scard("tmp:encoding")
    encoding = r.object("encoding", "tmp:encoding")
    r.delete("tmp:encoding")
    version = tuple(int(part) for part in r.info("server")["redis_version"].split(".")[:2])
    steps = []
    seen = set()
    for member in members:
        seen.add(str(member))
        if all(text.isdigit() for text in seen) and len(seen) <= 512:
            encoding = "intset"
        elif version >= (7, 2) and len(seen) <= 128 and (not steps or steps[-1][1] != "hashtable"):
            encoding = "listpack"
        else:
            encoding = "hashtable"
        if not steps or steps[-1][1] != encoding:
            steps.append((len(seen), encoding))
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
