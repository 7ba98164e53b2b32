import re


def delete_prefix(r, prefix):
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
    deleted, cursor = 0, None
    while cursor != 0:
        cursor, keys = r.scan(cursor or 0, match=pattern, count=500)
        if keys:
            r.unlink(*keys)
            deleted += len(keys)
    return deleted
