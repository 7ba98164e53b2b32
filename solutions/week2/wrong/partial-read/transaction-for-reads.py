def read_fields(r, keys, defaults):
    with r.pipeline(transaction=True) as pipe:
        for key in keys:
            pipe.hmget(key, list(defaults))
        rows = pipe.execute()
    return [
        {
            field: default if value is None else value
            for (field, default), value in zip(defaults.items(), row, strict=True)
        }
        for row in rows
    ]
