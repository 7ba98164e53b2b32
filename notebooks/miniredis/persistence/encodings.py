"""The letters of RDB files (rdb.c): lengths, strings, numbers. `values` makes words of them, `rdb` the file."""

from __future__ import annotations

import struct

from miniredis.numbers import parse_int
from miniredis.persistence import lzf

_DOUBLE = struct.Struct("<d")


class BadFile(ValueError):
    """The bytes are not what Redis writes; the text says where that was seen."""


# Writing


def write_length(out: bytearray, length: int) -> None:
    """Append a length: one byte up to 63, two up to 16383, five, or nine."""
    raise NotImplementedError("mini.dump")  # course hint mini.dump


def write_string(out: bytearray, text: bytes | bytearray) -> None:
    """Append a string: its length and its bytes; an integer of at most 32 bits as a mark and the number."""
    raise NotImplementedError("mini.dump")  # course hint mini.dump


def write_milliseconds(out: bytearray, when: int) -> None:
    """Append a moment: eight bytes, the lowest first."""
    out += when.to_bytes(8, "little", signed=True)


def write_double(out: bytearray, value: float) -> None:
    """Append a score: the eight bytes of an IEEE double."""
    out += _DOUBLE.pack(value)


# Reading


class Reader:
    """Reads what the functions above have written, from `at` on.

    Raises (from every method):
        ValueError: the bytes end too early or mean nothing (`BadFile`, and what the compact forms raise).
    """

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        taken = self.data[self.at : self.at + size]
        if len(taken) < size:
            raise BadFile(f"it ends at byte {len(self.data)}, within a value")
        self.at += size
        return taken

    def byte(self) -> int:
        """Return the next byte."""
        return self.take(1)[0]

    def length(self) -> int:
        """Return a length."""
        length, special = self._length()
        if special:
            raise BadFile(f"byte {self.at} should be a length")
        return length

    def _length(self) -> tuple[int, bool]:
        """Return a length and False, or the number of a special form of string and True."""
        raise NotImplementedError("mini.restore")  # course hint mini.restore

    def string(self) -> bytes:
        """Return a string, whatever its form: as it is, an integer, or compressed."""
        raise NotImplementedError("mini.restore")  # course hint mini.restore

    def number(self, width: int, signed: bool = True) -> int:
        """Return an integer of `width` bytes, the lowest first."""
        return int.from_bytes(self.take(width), "little", signed=signed)

    def double(self) -> float:
        """Return an IEEE double."""
        value: float = _DOUBLE.unpack(self.take(8))[0]
        return value

    def double_text(self) -> float:
        """Return a score as old files have it: a length and a text, or a mark for what is not finite."""
        length = self.byte()
        if length >= 253:
            return (float("nan"), float("inf"), float("-inf"))[length - 253]
        return float(self.take(length))
