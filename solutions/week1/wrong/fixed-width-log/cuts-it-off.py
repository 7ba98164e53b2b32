def append_record(r, key, record):
    data = record.encode()[:16]
    return r.append(key, data.ljust(16)) // 16 - 1


def read_record(r, key, i):
    text = r.getrange(key, i * 16, i * 16 + 15)
    return text.rstrip(" ") if text else None
