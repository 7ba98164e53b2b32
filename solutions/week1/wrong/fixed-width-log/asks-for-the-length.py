def append_record(r, key, record):
    data = record.encode()
    if len(data) > 16:
        raise ValueError("too long")
    number = r.strlen(key) // 16
    r.append(key, data.ljust(16))
    return number


def read_record(r, key, i):
    text = r.getrange(key, i * 16, i * 16 + 15)
    return text.rstrip(" ") if text else None
