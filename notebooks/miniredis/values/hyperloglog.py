"""HyperLogLog: how many different things were there, within one percent, in 12 KB at most (hyperloglog.c).

Each element is hashed. Fourteen bits of the hash choose one of 16384 registers; how many zeros the rest begins with,
plus one, is the element's rank, and a register keeps the highest rank it has seen. High ranks are rare: many elements
must have been there until one is seen, and that is what the estimate is made of. The same element again changes
nothing.

A HyperLogLog is a string, and here are Redis's own bytes for it: a header of 16 bytes ("HYLL", the encoding, and the
last estimate), then the registers. *Dense* has six bits for each. *Sparse* is for few elements, a sequence of runs::

    00nnnnnn            ZERO   n + 1 registers are 0
    01nnnnnn nnnnnnnn   XZERO  n + 1 registers are 0, up to 16384
    1vvvvvnn            VAL    n + 1 registers are v + 1
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, reduce

MAGIC = b"HYLL"
DENSE, SPARSE = 0, 1
HEADER = 16
CARD = slice(8, 16)  # the last estimate, lowest byte first; the highest bit says that it is out of date
STALE = 0x80
BITS_OF_PLACE = 14
REGISTERS = 1 << BITS_OF_PLACE
BITS_OF_HASH = 64 - BITS_OF_PLACE
BITS_OF_REGISTER = 6
DENSE_SIZE = HEADER + REGISTERS * BITS_OF_REGISTER // 8
MAX_ZERO, MAX_VALUE, MAX_VALUE_RUN = 64, 32, 4
ALPHA = 0.721347520444481703680  # 1 / (2 ln 2), a constant of the estimate

_SEED = 0xADC83B19
_MIX = 0xC6A4A7935BD1E995
_MASK = 2**64 - 1


class Corrupted(ValueError):
    """The runs of a sparse HyperLogLog do not make 16384 registers."""


# Elements to registers


def murmur(data: bytes) -> int:
    """MurmurHash64A, the hash function of Austin Appleby that Redis took for this."""
    state = _SEED ^ (len(data) * _MIX & _MASK)
    end = len(data) & ~7
    for at in range(0, end, 8):
        word = int.from_bytes(data[at : at + 8], "little") * _MIX & _MASK
        word = (word ^ word >> 47) * _MIX & _MASK
        state = (state ^ word) * _MIX & _MASK
    if end < len(data):
        state = (state ^ int.from_bytes(data[end:], "little")) * _MIX & _MASK
    state = (state ^ state >> 47) * _MIX & _MASK
    return state ^ state >> 47


def place_and_rank(element: bytes) -> tuple[int, int]:
    """Return which register an element belongs to, and its rank, from 1 to 51."""
    raise NotImplementedError("mini.pfadd")  # course hint mini.pfadd


# The string


def new() -> bytearray:
    """Return a HyperLogLog that has seen nothing: sparse, one run of zeros."""
    raise NotImplementedError("mini.pfadd")  # course hint mini.pfadd


def is_valid(value: bytes | bytearray) -> bool:
    """Whether a string is a HyperLogLog, as far as its header tells."""
    if len(value) < HEADER or value[:4] != MAGIC or value[4] not in (DENSE, SPARSE):
        return False
    return value[4] == SPARSE or len(value) == DENSE_SIZE


def is_dense(value: bytes | bytearray) -> bool:
    """Whether it has six bits for each register."""
    return value[4] == DENSE


def add(value: bytearray, element: bytes, max_sparse: int) -> bool:
    """Let it see an element; whether that changed a register.

    Args:
        value: changed in place.
        element: what was seen.
        max_sparse: the bytes it may have until it becomes dense (hll-sparse-max-bytes).

    Raises:
        Corrupted: its runs make no sense.
    """
    return raise_register(value, *place_and_rank(element), max_sparse)


def raise_register(value: bytearray, place: int, rank: int, max_sparse: int) -> bool:
    """Set a register to a rank if that is more than it has; whether it was."""
    if is_dense(value):
        return _raise_dense(value, place, rank)
    return _raise_sparse(value, place, rank, max_sparse)


def outdate(value: bytearray) -> None:
    """Say that the estimate in the header is out of date."""
    value[15] |= STALE


def remembered(value: bytes | bytearray) -> int | None:
    """Return the estimate in the header, or None if it is out of date."""
    raise NotImplementedError("mini.pfcount")  # course hint mini.pfcount


def remember(value: bytearray, estimate: int) -> None:
    """Keep an estimate in the header."""
    raise NotImplementedError("mini.pfcount")  # course hint mini.pfcount


def registers(value: bytes | bytearray) -> bytes:
    """Return all registers, one byte each.

    Raises:
        Corrupted: its runs do not make 16384 of them.
    """
    if is_dense(value):
        return _dense_registers(value)
    raise NotImplementedError("mini.pfcount")  # course hint mini.pfcount


# Sparse


@dataclass(slots=True)
class Run:
    """One run of a sparse HyperLogLog: the bytes from `at` to `end` say that so many registers have this value."""

    at: int
    end: int
    value: int
    length: int


def read_run(value: bytes | bytearray, at: int) -> Run:
    """Read the run that begins at a byte."""
    byte = value[at]
    if byte & 0x80:
        return Run(at, at + 1, (byte >> 2 & 0x1F) + 1, (byte & 3) + 1)
    if byte & 0x40:
        low = value[at + 1] if at + 1 < len(value) else 0
        return Run(at, at + 2, 0, ((byte & 0x3F) << 8 | low) + 1)
    return Run(at, at + 1, 0, (byte & 0x3F) + 1)


def runs(value: bytes | bytearray) -> Iterator[Run]:
    """All runs, from the first register to the last."""
    at = HEADER
    while at < len(value):
        run = read_run(value, at)
        yield run
        at = run.end


def _zeros(length: int) -> bytes:
    """Write a run of zeros, as short as it can be."""
    if length <= MAX_ZERO:
        return bytes([length - 1])
    return bytes([0x40 | length - 1 >> 8, length - 1 & 0xFF])


def _values(rank: int, length: int) -> bytes:
    """Write a run of up to four registers with a rank."""
    return bytes([0x80 | rank - 1 << 2 | length - 1])


def _raise_sparse(value: bytearray, place: int, rank: int, max_sparse: int) -> bool:
    """Cut the run that has the register in it into up to three: before it, itself, behind it."""
    raise NotImplementedError("mini.pfadd")  # course hint mini.pfadd


def _find(value: bytearray, place: int) -> tuple[Run, int, int]:
    """Return the run with this register in it, its first register, and where the run before it begins.

    This loop is what adding to a sparse one costs, so it does without `runs`.
    """
    raise NotImplementedError("mini.pfadd")  # course hint mini.pfadd


def _join(value: bytearray, at: int) -> None:
    """Make one run of neighbours with the same rank. Like Redis, look at five runs, so that the bytes are the same."""
    raise NotImplementedError("mini.pfadd")  # course hint mini.pfadd


# Dense


def _raise_in_dense(value: bytearray, place: int, rank: int) -> bool:
    """Sparse will not do any more: become dense, and then do it."""
    raise NotImplementedError("mini.pf-dense")  # course hint mini.pf-dense


def become_dense(value: bytearray) -> None:
    """Turn a sparse one into a dense one, in place. The estimate in the header is kept.

    Raises:
        Corrupted: its runs do not make 16384 registers.
    """
    raise NotImplementedError("mini.pf-dense")  # course hint mini.pf-dense


def pack(ranks: bytes) -> bytes:
    """Write registers with six bits each, the lowest bits first: four of them in three bytes.

    All groups of four are packed at once: every fourth register goes into one number of 4096 bytes, and what is shifted
    and masked there is shifted and masked in each of its bytes. One group after the other takes thirty times as long.
    """
    raise NotImplementedError("mini.pf-dense")  # course hint mini.pf-dense


def _dense_registers(value: bytes | bytearray) -> bytes:
    """Read what `pack` writes, in the same way."""
    raise NotImplementedError("mini.pf-dense")  # course hint mini.pf-dense


def _number(data: bytes | bytearray) -> int:
    """Bytes as one number, the lowest first."""
    return int.from_bytes(data, "little")


def _quarter(number: int) -> bytes:
    """A number as a byte for every fourth register."""
    return number.to_bytes(REGISTERS // 4, "little")


@cache
def _in_each(byte: int, size: int = REGISTERS // 4) -> int:
    """The number that has this byte in each place."""
    return _number(bytes([byte]) * size)


def _raise_dense(value: bytearray, place: int, rank: int) -> bool:
    """A register may lie across two bytes: read both, change six of their sixteen bits."""
    raise NotImplementedError("mini.pf-dense")  # course hint mini.pf-dense


# The estimate


def estimate(ranks: bytes) -> int:
    """Return how many different elements registers like these have probably seen (Otmar Ertl, arXiv:1702.01284)."""
    raise NotImplementedError("mini.pfcount")  # course hint mini.pfcount


def highest(several: Iterable[bytes]) -> bytes:
    """Return the registers of the union: of each place the highest rank."""
    raise NotImplementedError("mini.pfmerge")  # course hint mini.pfmerge


def _higher(one: bytes, other: bytes) -> bytes:
    """Of each place the higher rank, all places at once.

    Ranks are below 64. With its top bit set, no byte of `one` borrows from its neighbour when `other` is taken away,
    and the top bit is still there where `one` was at least as high: seven ones below it choose.
    """
    left, right, top = _number(one), _number(other), _in_each(0x80, REGISTERS)
    at_least = ((left | top) - right & top) >> 7
    chosen = (at_least << 7) - at_least
    return (left & chosen | right & ~chosen).to_bytes(REGISTERS, "little")


def tau(x: float) -> float:
    """The part of the estimate for registers that are full."""
    if x in (0.0, 1.0):
        return 0.0
    y, z = 1.0, 1 - x
    while True:
        x = math.sqrt(x)
        before = z
        y *= 0.5
        z -= (1 - x) ** 2 * y
        if z == before:
            return z / 3


def sigma(x: float) -> float:
    """The part of the estimate for registers that are empty."""
    if x == 1.0:
        return math.inf
    y, z = 1.0, x
    while True:
        x *= x
        before = z
        z += x * y
        y += y
        if z == before:
            return z
