"""takes a restored key for one that was used just now"""

from miniredis import eviction

STAGE = "mini.restore"


def spoil() -> None:
    eviction.remember = lambda database, key, idle, frequency: None
