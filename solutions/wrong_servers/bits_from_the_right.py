"""counts the bits of a byte from the right, so that bit 0 is the lowest"""

from miniredis.commands import bits

STAGE = "mini.setbit"


def spoil() -> None:
    bit_offset = bits.bit_offset

    def mirrored(arg: bytes, width: int = 0) -> int:
        place = bit_offset(arg, width)
        return place // 8 * 8 + 7 - place % 8

    bits.bit_offset = mirrored
