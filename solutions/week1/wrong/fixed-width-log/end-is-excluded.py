def append_record(r, key, record):
    data = record.encode()
    if len(data) > 16:
        raise ValueError("too long")
    return r.append(key, data.ljust(16)) // 16 - 1


def read_record(r, key, i):
    text = r.getrange(key, i * 16, (i + 1) * 16)
    return text.rstrip(" ") if text else None
