def tag(r, item, name):
    new = r.sadd(f"item:{item}:tags", name)
    r.sadd(f"tag:{name}:items", item)
    return new == 1


def untag(r, item, name):
    had = r.srem(f"item:{item}:tags", name)
    r.srem(f"tag:{name}:items", item)
    return had == 1


def items_with(r, name):
    return r.smembers(f"tag:{name}:items")


def tags_of(r, item):
    return r.smembers(f"item:{item}:tags")
