def index_keys(tags):
    return [f"tag:{name}:items" for name in tags]


def with_all(r, tags):
    return r.sinter(index_keys(tags))


def with_any(r, tags):
    return r.sunion(index_keys(tags))


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
