"""takes the range of BITCOUNT for positions of bits, whether BIT is said or not"""

from miniredis.commands import bits

STAGE = "mini.bitcount"


def spoil() -> None:
    of = bits.Range.of

    def in_bits(self: bits.Range, size: int) -> tuple[int, int]:
        self.unit = 1
        return of(self, size)

    bits.Range.of = in_bits
