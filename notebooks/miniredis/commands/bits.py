"""Bits of strings: a string of n bytes is 8n bits, the first of them the highest of the first byte.

So what INCR or APPEND see as bytes, SETBIT sees as flags; a month of "was here today" for a million people is a few
megabytes. Positions behind the end are 0. A string that had a bit written stays a `bytearray` (`strings.changeable`).
"""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.strings import MAX_LENGTH, changeable, grow
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import parse_int
from miniredis.resp import Args, CommandError, Reply

NO_OFFSET = "ERR bit offset is not an integer or out of range"
NO_BIT = "ERR bit is not an integer or out of range"


@command("SETBIT", arity=4, flags="write denyoom", keys=(1, 1, 1), group="bitmap", since="2.2.0")
def setbit(client: Client, args: Args) -> Reply:
    """SETBIT key offset 0|1: set one bit; what it was before. The string grows as far as it must."""
    raise NotImplementedError("mini.setbit")  # course hint mini.setbit


@command("GETBIT", arity=3, flags="readonly fast", keys=(1, 1, 1), group="bitmap", since="2.2.0")
def getbit(client: Client, args: Args) -> Reply:
    """GETBIT key offset: 0 or 1; 0 behind the end and where there is nothing."""
    raise NotImplementedError("mini.setbit")  # course hint mini.setbit


def bit_offset(arg: bytes, width: int = 0) -> int:
    """Read the position of a bit; for fields of `width` bits, "#3" is that of the fourth one."""
    raise NotImplementedError("mini.setbit")  # course hint mini.setbit


@dataclass(slots=True)
class Range:
    """[start end [BYTE | BIT]] as it was sent; `end` is None where it was left out."""

    start: int = 0
    end: int | None = None
    unit: int = 8  # bits

    def of(self, size: int) -> tuple[int, int]:
        """Return the bits it means in a string of `size` bytes: the first, and the one behind the last."""
        raise NotImplementedError("mini.bitcount")  # course hint mini.bitcount


def _unit(arg: bytes) -> int:
    """Read BYTE or BIT: how many bits it is."""
    raise NotImplementedError("mini.bitcount")  # course hint mini.bitcount


@command("BITCOUNT", arity=-2, flags="readonly", keys=(1, 1, 1), group="bitmap", since="2.6.0")
def bitcount(client: Client, args: Args) -> Reply:
    """BITCOUNT key [start end [BYTE | BIT]]: how many bits are 1. O(bytes), but very fast ones."""
    raise NotImplementedError("mini.bitcount")  # course hint mini.bitcount


def _number(value: bytes | bytearray, first: int, stop: int) -> int:
    """Return these bits as one whole number; those behind the end of the string are 0."""
    if first >= stop:
        return 0
    piece = value[first // 8 : (stop + 7) // 8]
    missing = (stop + 7) // 8 - first // 8 - len(piece)
    number = int.from_bytes(piece, "big") << 8 * missing
    return number >> -stop % 8 & (1 << stop - first) - 1


@command("BITPOS", arity=-3, flags="readonly", keys=(1, 1, 1), group="bitmap", since="2.8.7")
def bitpos(client: Client, args: Args) -> Reply:
    """BITPOS key 0|1 [start [end [BYTE | BIT]]]: where the first such bit is, or -1. O(bytes)."""
    raise NotImplementedError("mini.bitpos")  # course hint mini.bitpos


def _first(value: bytes | bytearray, bit: int, first: int, stop: int) -> int | None:
    """Return the position of the first such bit from `first` to before `stop`."""
    raise NotImplementedError("mini.bitpos")  # course hint mini.bitpos


_TURNED = bytes(255 - byte for byte in range(256))


@command("BITOP", arity=-4, flags="write denyoom", keys=(2, -1, 1), group="bitmap", since="2.6.0")
def bitop(client: Client, args: Args) -> Reply:
    """BITOP AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE destination key [key …]: combine strings bit by bit; its length.

    Shorter strings count as if they went on with zeros. DIFF is what only the first has, DIFF1 what only the others
    have, ANDOR what the first shares with any of them, ONE what exactly one of them has.
    """
    raise NotImplementedError("mini.bitop")  # course hint mini.bitop


_OPERATIONS = (b"AND", b"OR", b"XOR", b"NOT", b"DIFF", b"DIFF1", b"ANDOR", b"ONE")


def combine(operation: bytes, numbers: list[int], width: int) -> int:
    """Combine strings that are seen as numbers of `width` bits: one step of the processor for many bits."""
    raise NotImplementedError("mini.bitop")  # course hint mini.bitop


def _exactly_one(numbers: list[int]) -> int:
    raise NotImplementedError("mini.bitop")  # course hint mini.bitop
