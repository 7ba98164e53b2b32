"""When Redis keeps a small collection in one piece of memory (a listpack, an intset) instead of a real structure.

Here it changes nothing but what OBJECT ENCODING says, the order in which small collections are shown, and how DUMP
writes them. The settings are those of redis.conf, and a change counts from the next element on.
"""

from __future__ import annotations

from collections.abc import Mapping

LIMITS: dict[str, int] = {
    "list-max-listpack-size": -2,
    "set-max-intset-entries": 512,
    "set-max-listpack-entries": 128,
    "set-max-listpack-value": 64,
    "hash-max-listpack-entries": 512,
    "hash-max-listpack-value": 64,
    "zset-max-listpack-entries": 128,
    "zset-max-listpack-value": 64,
}


def adopt(settings: Mapping[str, str | int | bool]) -> None:
    """Take over the limits among the settings of a server."""
    LIMITS.update((name, int(settings[name])) for name in LIMITS)
