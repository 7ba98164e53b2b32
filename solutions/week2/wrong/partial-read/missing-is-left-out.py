def read_fields(r, keys, defaults):
    with r.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hmget(key, list(defaults))
        rows = pipe.execute()
    return [
        {field: default if value is None else value for (field, default), value in zip(defaults.items(), row)}
        for row in rows
        if any(row)
    ]
