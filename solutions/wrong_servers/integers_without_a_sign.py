"""reads the integers of a packed set as if none could be negative"""

from miniredis.persistence import values
from miniredis.persistence.encodings import Reader
from miniredis.values import Set

STAGE = "mini.rdb-compact"


def spoil() -> None:
    def unsigned(reader: Reader) -> Set:
        inner = Reader(reader.string())
        width, count = inner.number(4), inner.number(4)
        return Set(b"%d" % inner.number(width, signed=False) for _ in range(count))

    values._READERS[values.SET_INTSET] = unsigned
