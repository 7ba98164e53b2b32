import re


def delete_prefix(r, prefix):
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
    keys = list(r.scan_iter(match=pattern, count=500))
    return r.unlink(*keys) if keys else 0
