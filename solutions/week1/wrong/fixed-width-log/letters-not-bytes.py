def append_record(r, key, record):
    if len(record) > 16:
        raise ValueError("too long")
    return r.append(key, record.ljust(16)) // 16 - 1


def read_record(r, key, i):
    text = r.getrange(key, i * 16, i * 16 + 15)
    return text.rstrip(" ") if text else None
