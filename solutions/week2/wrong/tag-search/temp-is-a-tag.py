def index_keys(tags):
    return [f"tag:{name}:items" for name in tags]


def with_all(r, tags):
    return r.sinter(index_keys(tags)) if tags else set()


def with_any(r, tags):
    return r.sunion(index_keys(tags)) if tags else set()


def with_all_but(r, tags, without):
    if not tags:
        return set()
    with r.pipeline(transaction=True) as pipe:
        pipe.sinterstore("tag:tmp:items", index_keys(tags))
        pipe.sdiff(["tag:tmp:items", *index_keys(without)])
        pipe.unlink("tag:tmp:items")
        return pipe.execute()[1]


def at_least(r, tags, n):
    return bool(tags) and r.sintercard(len(tags), index_keys(tags), limit=n) == n
