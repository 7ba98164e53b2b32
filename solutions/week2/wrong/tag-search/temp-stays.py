def index_keys(tags):
    return [f"tag:{name}:items" for name in tags]


def with_all(r, tags):
    return r.sinter(index_keys(tags)) if tags else set()


def with_any(r, tags):
    return r.sunion(index_keys(tags)) if tags else set()


def with_all_but(r, tags, without):
    if not tags:
        return set()
    r.sinterstore("tmp:search", index_keys(tags))
    found = r.sdiff(["tmp:search", *index_keys(without)])
    r.delete("tmp:search")
    return found


def at_least(r, tags, n):
    return bool(tags) and r.sintercard(len(tags), index_keys(tags), limit=n) == n
