def read_fields(r, keys, defaults):
    with r.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hgetall(key)
        rows = pipe.execute()
    return [{field: row.get(field, default) for field, default in defaults.items()} for row in rows]
