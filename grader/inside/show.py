"""How a value is shown to the learner who made it."""

from __future__ import annotations


def show(value: object, limit: int = 300) -> str:
    """`value` as a learner would type it in Python, cut in the middle beyond `limit` characters."""
    if type(value).__module__.startswith("redis."):
        return f"<a {type(value).__name__} of redis-py>"  # its repr is long, and tells where the server is
    try:
        text = repr(value)
    except Exception as error:
        text = f"<a {type(value).__name__} whose repr() raises {type(error).__name__}>"
    if len(text) > limit:
        half = limit // 2
        text = f"{text[:half]} … {text[-half:]} ({len(text)} characters)"
    return text
