def append_record(r, key, record):
    data = record.encode().ljust(16)
    length = r.append(key, data)
    if length % 16:
        raise ValueError("too long")
    return length // 16 - 1


def read_record(r, key, i):
    text = r.getrange(key, i * 16, i * 16 + 15)
    return text.rstrip(" ") if text else None
