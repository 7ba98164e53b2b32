def tag(r, item, name):
    with r.pipeline(transaction=True) as pipe:
        pipe.sadd(f"item:{item}:tags", name)
        pipe.sadd(f"tag:{name}:items", item)
        return pipe.execute()[0] == 1


def untag(r, item, name):
    return r.srem(f"item:{item}:tags", name) == 1


def items_with(r, name):
    return r.smembers(f"tag:{name}:items")


def tags_of(r, item):
    return r.smembers(f"item:{item}:tags")
