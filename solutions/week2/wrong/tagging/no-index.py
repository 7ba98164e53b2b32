def tag(r, item, name):
    return r.sadd(f"item:{item}:tags", name) == 1


def untag(r, item, name):
    return r.srem(f"item:{item}:tags", name) == 1


def items_with(r, name):
    keys = list(r.scan_iter(match="item:*:tags", count=500))
    return {key.split(":")[1] for key in keys if r.sismember(key, name)}


def tags_of(r, item):
    return r.smembers(f"item:{item}:tags")
