import re


def delete_prefix(r, prefix):
    pattern = re.sub(r"([*?\[\]\\])", r"\\\1", prefix) + "*"
    return sum(r.unlink(key) for key in r.scan_iter(match=pattern, count=500))
