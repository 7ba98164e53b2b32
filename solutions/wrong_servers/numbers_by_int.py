"""counts with whatever Python's int() takes for a number: " 1", "+1", "01"."""

from miniredis.commands import counters
from miniredis.numbers import INT64_MAX, INT64_MIN

STAGE = "mini.incr"


def spoil() -> None:
    def parse_int(text: bytes) -> int | None:
        try:
            value = int(text)
        except ValueError:
            return None
        return value if INT64_MIN <= value <= INT64_MAX else None

    counters.parse_int = parse_int
