"""CRC-64/Jones, the checksum at the end of an RDB file and of what DUMP returns.

A CRC is the remainder of a division: the data is one long polynomial over {0, 1}, divided by a fixed one of degree 64.
Taken byte by byte with a table, Python manages some 8 MB/s. So a large block is first made shorter. Its early part E
stands for E * x^k, and x^k may be replaced by its own remainder c of 64 bits: E * c is about as long as E, can be added
(XORed) to the rest, and has the same remainder. Multiplying is a few shifts and XORs of long integers, which are fast;
few, because the k below were chosen so that c has few ones. That is twenty times as fast as the table alone.
"""

from __future__ import annotations

_REFLECTED = 0x95AC9329AC4BC9B5  # the polynomial, lowest power first, as the bits of each byte are taken
_BLOCK = 1 << 20
# k and x^k modulo the polynomial, in natural order of bits.
_FOLDS = (
    (6280548, 0x38020948B4000003),
    (3814702, 0x4401162300008129),
    (1987720, 0xA0884D2001A20011),
    (758132, 0x9811208000C00B27),
    (377954, 0x9E342D0800004C01),
    (186291, 0x80101996A0108289),
    (98260, 0x200024B8AF8501),
    (46882, 0x4008C1100C364305),
    (25724, 0x522601E6084083),
    (11972, 0x6700801222F00597),
    (7004, 0x1848289822802125),
    (2992, 0x63554A7000330143),
    (2034, 0xF27400C582A00125),
    (780, 0x3698A8AC2605249),
)


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_REFLECTED if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_TABLE = _table()
# The shifts that multiply by each c. Bits are reflected: a higher power of x is a lower bit.
_SHIFTS = tuple((k, [63 - power for power in range(64) if c >> power & 1]) for k, c in _FOLDS)


def crc64(data: bytes | bytearray | memoryview, crc: int = 0) -> int:
    """Return the checksum of `data`, going on from `crc`, that of what came before."""
    view = memoryview(data)
    for start in range(0, len(view), _BLOCK):
        crc = _of_block(view[start : start + _BLOCK], crc)
    return crc


def _of_block(block: memoryview, crc: int) -> int:
    size = len(block)
    if size < 128:
        return _bytewise(block, crc)
    value = int.from_bytes(block, "little") ^ crc
    bits = size * 8
    for k, shifts in _SHIFTS:
        while bits > k + k // 4:
            early_bits = min(k - 63, bits - k) & ~7
            early = value & (1 << early_bits) - 1
            product = 0
            for shift in shifts:
                product ^= early << shift
            value = value >> early_bits ^ product << k - early_bits - 63
            bits -= early_bits
    return _bytewise(value.to_bytes(bits // 8, "little"), 0)


def _bytewise(data: bytes | memoryview, crc: int) -> int:
    table = _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 255] ^ crc >> 8
    return crc
