import json

cheapest = {
    "four short fields": "hash",  # name, email, age, city
    "one long text": "json",  # the same four, and a biography of 300 characters
    "a single number": "keys",  # one field, with the value 1
}


def layout_bytes(r, name, fields):
    hash_key, json_key = f"{name}:hash", f"{name}:json"
    keys = {f"{name}:{field}": value for field, value in fields.items()}
    r.hset(hash_key, mapping=fields)
    r.set(json_key, json.dumps(fields))
    r.mset(keys)
    measured = {
        "hash": r.memory_usage(hash_key, samples=0),
        "json": r.memory_usage(json_key),
        "keys": sum(r.memory_usage(key) for key in keys),
    }
    r.flushdb()
    return measured
