import json

cheapest = {
    "four short fields": "hash",
    "one long text": "json",
    "a single number": "keys",
}


def used(r):
    return r.info("memory")["used_memory"]


def layout_bytes(r, name, fields):
    measured = {}
    before = used(r)
    r.hset(f"{name}:hash", mapping=fields)
    measured["hash"] = used(r) - before
    r.delete(f"{name}:hash")
    before = used(r)
    r.set(f"{name}:json", json.dumps(fields))
    measured["json"] = used(r) - before
    r.delete(f"{name}:json")
    before = used(r)
    for field, value in fields.items():
        r.set(f"{name}:{field}", value)
    measured["keys"] = used(r) - before
    r.delete(*[f"{name}:{field}" for field in fields])
    return measured
