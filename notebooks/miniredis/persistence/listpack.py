"""Listpacks: many short strings and integers in one block of bytes, as Redis keeps small collections (listpack.c).

Six bytes of header (total size, number of elements), the elements, an end mark. Each element is followed by its own
length, so that Redis can walk backwards. An integer is stored as a number in as few bytes as it needs.
"""

from __future__ import annotations

from collections.abc import Iterable

from miniredis.numbers import parse_int

_UNKNOWN_COUNT = 65535


def decode(data: bytes) -> list[bytes]:
    """Return the elements; integers as the text they stand for.

    Raises:
        ValueError: the bytes are no listpack.
    """
    if len(data) < 7 or int.from_bytes(data[:4], "little") != len(data) or data[-1] != 255:
        raise ValueError("a listpack's size is not what its header says")
    out: list[bytes] = []
    at, end = 6, len(data) - 1
    try:
        while at < end:
            at = _read(data, at, out)
    except IndexError:
        raise ValueError("a listpack ends within an element") from None
    count = int.from_bytes(data[4:6], "little")
    if at != end or count not in (len(out), _UNKNOWN_COUNT):
        raise ValueError("a listpack's elements are not what its header says")
    return out


def _read(data: bytes, at: int, out: list[bytes]) -> int:
    """Read the element at `at` into `out`; the place of the next one."""
    first = data[at]
    if first < 0x80:
        out.append(b"%d" % first)
        return at + 2
    if first < 0xC0:
        return _string(data, at, 1, first & 63, out)
    if first < 0xE0:
        return _integer(data, at, 2, _signed((first & 31) << 8 | data[at + 1], 13), out)
    if first < 0xF0:
        return _string(data, at, 2, (first & 15) << 8 | data[at + 1], out)
    if first == 0xF0:
        return _string(data, at, 5, int.from_bytes(data[at + 1 : at + 5], "little"), out)
    if first <= 0xF4:
        width = (2, 3, 4, 8)[first - 0xF1]
        value = int.from_bytes(data[at + 1 : at + 1 + width], "little", signed=True)
        return _integer(data, at, 1 + width, value, out)
    raise ValueError(f"a listpack has no element that begins with {first:#x}")


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> bits - 1 else value


def _integer(data: bytes, at: int, size: int, value: int, out: list[bytes]) -> int:
    out.append(b"%d" % value)
    return at + size + _length_size(size)


def _string(data: bytes, at: int, header: int, length: int, out: list[bytes]) -> int:
    text = data[at + header : at + header + length]
    if len(text) != length:
        raise ValueError("a listpack ends within an element")
    out.append(text)
    return at + header + length + _length_size(header + length)


def _length_size(size: int) -> int:
    """How many bytes the length behind an element of `size` bytes takes: seven bits in each."""
    return 1 if size <= 127 else 2 if size < 16383 else 3 if size < 2097151 else 4 if size < 268435455 else 5


def encode(items: Iterable[bytes]) -> bytes:
    """Return a listpack of these strings."""
    out = bytearray(6)
    count = 0
    for item in items:
        element = _element(item)
        size = len(element)
        out += element
        width = _length_size(size)
        # Read from its end: all bytes but the first, which is read last, say that another one comes.
        out.append(size >> 7 * (width - 1))
        for shift in range(7 * (width - 2), -1, -7):
            out.append(size >> shift & 127 | 128)
        count += 1
    out.append(255)
    out[:4] = len(out).to_bytes(4, "little")
    out[4:6] = min(count, _UNKNOWN_COUNT).to_bytes(2, "little")
    return bytes(out)


def _element(item: bytes) -> bytes:
    value = parse_int(item)
    if value is not None:
        return _number(value)
    length = len(item)
    if length < 64:
        return bytes([0x80 | length]) + item
    if length < 4096:
        return bytes([0xE0 | length >> 8, length & 255]) + item
    return b"\xf0" + length.to_bytes(4, "little") + item


def _number(value: int) -> bytes:
    if 0 <= value < 128:
        return bytes([value])
    if -4096 <= value < 4096:
        value &= 0x1FFF
        return bytes([0xC0 | value >> 8, value & 255])
    for mark, width in ((0xF1, 2), (0xF2, 3), (0xF3, 4), (0xF4, 8)):
        if -(1 << width * 8 - 1) <= value < 1 << width * 8 - 1:
            return bytes([mark]) + value.to_bytes(width, "little", signed=True)
    raise ValueError(f"{value} has more than 64 bits")
