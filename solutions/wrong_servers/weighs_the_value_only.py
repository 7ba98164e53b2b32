"""takes the length of a string for what it weighs, and an element for eight bytes"""

from miniredis import eviction
from miniredis.values import Value

STAGE = "mini.memory-usage"


def spoil() -> None:
    def length(key: bytes, value: Value) -> int:
        return len(value) if isinstance(value, (bytes, bytearray)) else 8 * len(value)

    eviction.weight = length
