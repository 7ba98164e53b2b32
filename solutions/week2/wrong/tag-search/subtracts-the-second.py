def index_keys(tags):
    return [f"tag:{name}:items" for name in tags]


def with_all(r, tags):
    return r.sinter(index_keys(tags)) if tags else set()


def with_any(r, tags):
    return r.sunion(index_keys(tags)) if tags else set()


def with_all_but(r, tags, without):
    if not tags:
        return set()
    return r.sdiff(index_keys(tags) + index_keys(without))


def at_least(r, tags, n):
    return bool(tags) and r.sintercard(len(tags), index_keys(tags), limit=n) == n
