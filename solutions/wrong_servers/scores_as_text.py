"""writes the scores of a sorted set into a file as it shows them: as text"""

from miniredis.numbers import format_double
from miniredis.persistence import values

STAGE = "mini.rdb-collections"


def spoil() -> None:
    def as_text(out: bytearray, value: float) -> None:
        out += format_double(value).ljust(8)[:8]

    values.write_double = as_text
