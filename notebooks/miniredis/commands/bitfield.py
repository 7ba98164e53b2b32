"""BITFIELD: a string as a row of small integers of any width, signed or not.

A command is a list of steps, read whole before the first of them is done. What happens to a number that does not fit
is chosen with OVERFLOW, for the steps behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.bits import bit_offset
from miniredis.commands.strings import changeable, grow
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX, parse_int
from miniredis.resp import Args, CommandError, Reply

NO_TYPE = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."


@dataclass(slots=True)
class Step:
    """GET, SET or INCRBY of one field.

    Attributes:
        what: GET, SET or INCRBY.
        signed, width, place: the field: its type, and its first bit.
        amount: the number to set or to add.
        overflow: WRAP, SAT or FAIL, as the last OVERFLOW before it said.
    """

    what: bytes
    signed: bool
    width: int
    place: int
    amount: int = 0
    overflow: bytes = b"WRAP"


@command("BITFIELD", arity=-2, flags="write denyoom", keys=(1, 1, 1), group="bitmap", since="3.2.0")
def bitfield(client: Client, args: Args) -> Reply:
    """BITFIELD key [GET type offset | [OVERFLOW WRAP|SAT|FAIL] SET|INCRBY type offset number …]: a reply a step."""
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield


@command("BITFIELD_RO", arity=-2, flags="readonly fast", keys=(1, 1, 1), group="bitmap", since="6.0.0")
def bitfield_ro(client: Client, args: Args) -> Reply:
    """BITFIELD_RO key [GET type offset …]: the part of BITFIELD that only reads, for replicas."""
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield


def _read_fields(client: Client, key: bytes, steps: list[Step]) -> Reply:
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield


def read_steps(args: Args) -> list[Step]:
    """Read all steps; whatever is wrong with one of them, none is done."""
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield


def _type(arg: bytes) -> tuple[bool, int]:
    """Read a type such as u8 or i64: whether it has a sign, and its width."""
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield


def _overflow(arg: bytes) -> bytes:
    """Read WRAP, SAT or FAIL."""
    raise NotImplementedError("mini.bitfield-overflow")  # course hint mini.bitfield-overflow


def _run(value: bytearray, step: Step) -> int | None:
    """Do one step; GET and SET give the old number, INCRBY the new one, None where it was not done."""
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield


def fit(number: int, step: Step) -> int | None:
    """Make a number fit into the field: wrapped around, at the nearest end, or None for FAIL."""
    low, high = (-(1 << step.width - 1), (1 << step.width - 1) - 1) if step.signed else (0, (1 << step.width) - 1)
    if low <= number <= high:
        return number
    raise NotImplementedError("mini.bitfield-overflow")  # course hint mini.bitfield-overflow


def read_field(value: bytes | bytearray, step: Step) -> int:
    """Return the number in a field; what lies behind the end of the string is 0."""
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield


def write_field(value: bytearray, step: Step, number: int) -> None:
    """Write a number that fits into a field; the string is long enough."""
    raise NotImplementedError("mini.bitfield")  # course hint mini.bitfield
