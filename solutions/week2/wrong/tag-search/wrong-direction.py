def index_keys(tags):
    return [f"tag:{name}:items" for name in tags]


def with_all(r, tags):
    if not tags:
        return set()
    items = set()
    for name in tags:
        items |= r.smembers(f"tag:{name}:items")
    if not items:
        return set()
    return r.sinter([f"item:{item}:tags" for item in items])


def with_any(r, tags):
    return r.sunion(index_keys(tags)) if tags else set()


def with_all_but(r, tags, without):
    if not tags:
        return set()
    with r.pipeline(transaction=True) as pipe:
        pipe.sinterstore("tmp:search", index_keys(tags))
        pipe.sdiff(["tmp:search", *index_keys(without)])
        pipe.unlink("tmp:search")
        return pipe.execute()[1]


def at_least(r, tags, n):
    return bool(tags) and r.sintercard(len(tags), index_keys(tags), limit=n) == n
