def read_fields(r, keys, defaults):
    with r.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hmget(key, list(defaults))
        rows = pipe.execute()
    return [
        {field: value or default for (field, default), value in zip(defaults.items(), row, strict=True)} for row in rows
    ]
