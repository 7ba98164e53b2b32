def append_record(r, key, record):
    data = record.encode()
    if len(data) > 16:
        raise ValueError("too long")
    return r.append(key, data.ljust(16)) // 16 - 1


def read_record(r, key, i):
    return r.getrange(key, i * 16, i * 16 + 15).rstrip(" ") or None
