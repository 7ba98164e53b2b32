import re


def delete_prefix(r, prefix):
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
    keys = r.keys(pattern)
    deleted = 0
    for start in range(0, len(keys), 500):
        deleted += r.unlink(*keys[start : start + 500])
    return deleted
