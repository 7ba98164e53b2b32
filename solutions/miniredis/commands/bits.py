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
    ### BEGIN SOLUTION mini.setbit
    key, place = args[1], bit_offset(args[2])
    bit = integer(args[3], NO_BIT)
    if bit not in (0, 1):
        raise CommandError(NO_BIT)
    old_value = client.db.edit_string(key)
    size = len(old_value or b"")
    value = changeable(client, key, old_value)
    index, mask = place // 8, 0x80 >> place % 8
    grow(value, index + 1)
    old = int(value[index] & mask != 0)
    value[index] = value[index] | mask if bit else value[index] & ~mask
    if bit != old or len(value) != size:
        client.db.modified(key, "$", "setbit")
    return old
    ### END SOLUTION


@command("GETBIT", arity=3, flags="readonly fast", keys=(1, 1, 1), group="bitmap", since="2.2.0")
def getbit(client: Client, args: Args) -> Reply:
    """GETBIT key offset: 0 or 1; 0 behind the end and where there is nothing."""
    ### BEGIN SOLUTION mini.setbit
    place = bit_offset(args[2])
    value = client.db.read_string(args[1]) or b""
    index = place // 8
    return int(index < len(value) and value[index] & 0x80 >> place % 8 != 0)
    ### END SOLUTION


def bit_offset(arg: bytes, width: int = 0) -> int:
    """Read the position of a bit; for fields of `width` bits, "#3" is that of the fourth one."""
    ### BEGIN SOLUTION mini.setbit
    numbered = width > 0 and arg[:1] == b"#"
    place = parse_int(arg[1:] if numbered else arg)
    if numbered and place is not None:
        place *= width
    if place is None or not 0 <= place < MAX_LENGTH * 8:
        raise CommandError(NO_OFFSET)
    return place
    ### END SOLUTION


@dataclass(slots=True)
class Range:
    """[start end [BYTE | BIT]] as it was sent; `end` is None where it was left out."""

    start: int = 0
    end: int | None = None
    unit: int = 8  # bits

    def of(self, size: int) -> tuple[int, int]:
        """Return the bits it means in a string of `size` bytes: the first, and the one behind the last."""
        ### BEGIN SOLUTION mini.bitcount
        units = size * 8 // self.unit
        start, end = self.start, units - 1 if self.end is None else self.end
        start = max(start + units, 0) if start < 0 else start
        end = max(end + units, 0) if end < 0 else end
        return start * self.unit, max(min(end + 1, units), start) * self.unit
        ### END SOLUTION


def _unit(arg: bytes) -> int:
    """Read BYTE or BIT: how many bits it is."""
    ### BEGIN SOLUTION mini.bitcount
    sizes = {b"BYTE": 8, b"BIT": 1}
    if arg.upper() not in sizes:
        raise syntax_error()
    return sizes[arg.upper()]
    ### END SOLUTION


@command("BITCOUNT", arity=-2, flags="readonly", keys=(1, 1, 1), group="bitmap", since="2.6.0")
def bitcount(client: Client, args: Args) -> Reply:
    """BITCOUNT key [start end [BYTE | BIT]]: how many bits are 1. O(bytes), but very fast ones."""
    ### BEGIN SOLUTION mini.bitcount
    if len(args) not in (2, 4, 5):
        raise syntax_error()
    span = Range()
    if len(args) > 2:
        span = Range(integer(args[2]), integer(args[3]))
        if len(args) == 5:
            span.unit = _unit(args[4])
    value = client.db.read_string(args[1]) or b""
    if span.end is not None and span.start < 0 and span.end < 0 and span.start > span.end:
        return 0
    first, stop = span.of(len(value))
    return _number(value, first, stop).bit_count()
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.bitpos
    bit = integer(args[2])
    if bit not in (0, 1):
        raise CommandError("ERR The bit argument must be 1 or 0.")
    if len(args) > 6:
        raise syntax_error()
    span = Range()
    if len(args) > 3:
        span.start = integer(args[3])
    if len(args) > 4:
        span.unit = _unit(args[5]) if len(args) == 6 else 8
        span.end = integer(args[4])
    value = client.db.read_string(args[1])
    if value is None:
        return -bit
    first, stop = span.of(len(value))
    found = _first(value, bit, first, stop)
    if found is None and bit == 0 and span.end is None and first < stop:
        return stop  # behind the end everything is 0, as long as nobody said where the end is
    return -1 if found is None else found
    ### END SOLUTION


def _first(value: bytes | bytearray, bit: int, first: int, stop: int) -> int | None:
    """Return the position of the first such bit from `first` to before `stop`."""
    ### BEGIN SOLUTION mini.bitpos
    if first >= stop:
        return None
    piece = bytearray(value[first // 8 : (stop + 7) // 8])
    if bit == 0:  # look for a 1 in what is turned over
        piece = bytearray(piece.translate(_TURNED))
    piece[0] &= 0xFF >> first % 8
    piece[-1] &= 0xFF << -stop % 8 & 0xFF
    rest = piece.lstrip(b"\0")
    if not rest:
        return None
    return first // 8 * 8 + 8 * (len(piece) - len(rest)) + 8 - rest[0].bit_length()
    ### END SOLUTION


_TURNED = bytes(255 - byte for byte in range(256))


@command("BITOP", arity=-4, flags="write denyoom", keys=(2, -1, 1), group="bitmap", since="2.6.0")
def bitop(client: Client, args: Args) -> Reply:
    """BITOP AND|OR|XOR|NOT|DIFF|DIFF1|ANDOR|ONE destination key [key …]: combine strings bit by bit; its length.

    Shorter strings count as if they went on with zeros. DIFF is what only the first has, DIFF1 what only the others
    have, ANDOR what the first shares with any of them, ONE what exactly one of them has.
    """
    ### BEGIN SOLUTION mini.bitop
    operation, target, sources = args[1].upper(), args[2], args[3:]
    if operation not in _OPERATIONS:
        raise syntax_error()
    if operation == b"NOT" and len(sources) != 1:
        raise CommandError("ERR BITOP NOT must be called with a single source key.")
    if operation in (b"DIFF", b"DIFF1", b"ANDOR") and len(sources) < 2:
        raise CommandError(f"ERR BITOP {operation.decode()} must be called with at least two source keys.")
    values = [client.db.read_string(key) or b"" for key in sources]
    size = max(map(len, values))
    if size == 0:
        if client.db.delete(target):
            client.db.modified(target, "g", "del")
        return 0
    result = combine(operation, [int.from_bytes(value.ljust(size, b"\0"), "big") for value in values], size * 8)
    client.db.set(target, bytearray(result.to_bytes(size, "big")))
    client.db.modified(target, "$", "set")
    return size
    ### END SOLUTION


_OPERATIONS = (b"AND", b"OR", b"XOR", b"NOT", b"DIFF", b"DIFF1", b"ANDOR", b"ONE")


def combine(operation: bytes, numbers: list[int], width: int) -> int:
    """Combine strings that are seen as numbers of `width` bits: one step of the processor for many bits."""
    ### BEGIN SOLUTION mini.bitop
    first, *others = numbers
    match operation:
        case b"AND":
            return functools.reduce(operator.and_, numbers)
        case b"OR":
            return functools.reduce(operator.or_, numbers)
        case b"XOR":
            return functools.reduce(operator.xor, numbers)
        case b"NOT":
            return first ^ (1 << width) - 1
        case b"ONE":
            return _exactly_one(numbers)
    any_other = functools.reduce(operator.or_, others)
    match operation:
        case b"DIFF":
            return first & ~any_other
        case b"DIFF1":
            return any_other & ~first
    return first & any_other  # ANDOR
    ### END SOLUTION


def _exactly_one(numbers: list[int]) -> int:
    ### BEGIN SOLUTION mini.bitop
    once, twice = 0, 0
    for number in numbers:
        twice |= once & number
        once |= number
    return once & ~twice
    ### END SOLUTION
