"""LZF, the compression of long strings in RDB files: copies of what came up to 8 KiB before, and bytes as they are.

A control byte below 32 says that so many bytes, plus one, follow as they are. Any other is a copy: its upper three bits
are the length less two (7: another byte is added), its lower five and the next byte the distance back, less one.
"""

from __future__ import annotations


def decompress(data: bytes, size: int) -> bytes:
    """Return the original of `size` bytes.

    Raises:
        ValueError: `data` is not LZF, or not of that size.
    """
    out = bytearray()
    at, end = 0, len(data)
    try:
        while at < end:
            control = data[at]
            at += 1
            if control < 32:
                out += data[at : at + control + 1]
                at += control + 1
                continue
            length = control >> 5
            if length == 7:
                length += data[at]
                at += 1
            start = len(out) - ((control & 31) << 8 | data[at]) - 1
            at += 1
            _copy(out, start, length + 2)
    except IndexError:
        raise ValueError("the compressed string ends too early") from None
    if len(out) != size:
        raise ValueError(f"a compressed string has {len(out)} bytes and should have {size}")
    return bytes(out)


def _copy(out: bytearray, start: int, length: int) -> None:
    """Append `length` bytes from `start` on, where the copy may run into what it has itself just written."""
    if start < 0:
        raise ValueError("a copy begins before the string")
    distance = len(out) - start
    if distance >= length:
        out += out[start : start + length]
    else:
        pattern = bytes(out[start:])
        out += (pattern * (length // distance + 1))[:length]
