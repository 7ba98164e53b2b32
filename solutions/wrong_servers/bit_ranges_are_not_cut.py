"""adds the length of the string to a negative position of BITCOUNT, and forgets that it may be negative even then"""

from miniredis.commands import bits

STAGE = "mini.bitcount"


def spoil() -> None:
    def of(self: bits.Range, size: int) -> tuple[int, int]:
        units = size * 8 // self.unit
        start = self.start
        end = units - 1 if self.end is None else self.end
        start += units if start < 0 else 0
        end += units if end < 0 else 0
        first, stop, _ = slice(start, end + 1).indices(units)
        return first * self.unit, stop * self.unit

    bits.Range.of = of
