def read_fields(r, keys, defaults):
    result = []
    for key in keys:
        values = r.hmget(key, list(defaults))
        row = {}
        for field, value in zip(defaults, values):
            row[field] = defaults[field] if value is None else value
        result.append(row)
    return result
