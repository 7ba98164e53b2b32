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
    ### BEGIN SOLUTION mini.bitfield
    key = args[1]
    steps = read_steps(args)
    writes = [step for step in steps if step.what != b"GET"]
    if not writes:
        return _read_fields(client, key, steps)
    old_value = client.db.edit_string(key)
    size = len(old_value or b"")
    value = changeable(client, key, old_value)
    grow(value, max(step.place + step.width + 7 for step in writes) // 8)
    grown = len(value) > size
    replies: list[Reply] = []
    changes = 0
    for step in steps:
        old = read_field(value, step)
        reply = _run(value, step)
        replies.append(reply)
        done = step.what != b"GET" and reply is not None
        changes += done and (grown or read_field(value, step) != old)
    if changes:
        client.db.modified(key, "$", "setbit", changes)
    return replies
    ### END SOLUTION


@command("BITFIELD_RO", arity=-2, flags="readonly fast", keys=(1, 1, 1), group="bitmap", since="6.0.0")
def bitfield_ro(client: Client, args: Args) -> Reply:
    """BITFIELD_RO key [GET type offset …]: the part of BITFIELD that only reads, for replicas."""
    ### BEGIN SOLUTION mini.bitfield
    steps = read_steps(args)
    if any(step.what != b"GET" for step in steps):
        raise CommandError("ERR BITFIELD_RO only supports the GET subcommand")
    return _read_fields(client, args[1], steps)
    ### END SOLUTION


def _read_fields(client: Client, key: bytes, steps: list[Step]) -> Reply:
    ### BEGIN SOLUTION mini.bitfield
    value = client.db.read_string(key) or b""
    return [read_field(value, step) for step in steps]
    ### END SOLUTION


def read_steps(args: Args) -> list[Step]:
    """Read all steps; whatever is wrong with one of them, none is done."""
    ### BEGIN SOLUTION mini.bitfield
    steps: list[Step] = []
    overflow = b"WRAP"
    at = 2
    while at < len(args):
        word, left = args[at].upper(), len(args) - at - 1
        if word == b"OVERFLOW" and left >= 1:
            overflow = _overflow(args[at + 1])
            at += 2
            continue
        if (word, left >= 2) != (b"GET", True) and (word not in (b"SET", b"INCRBY") or left < 3):
            raise syntax_error()
        signed, width = _type(args[at + 1])
        step = Step(word, signed, width, bit_offset(args[at + 2], width), overflow=overflow)
        at += 3
        if word != b"GET":
            step.amount = integer(args[at])
            at += 1
        steps.append(step)
    return steps
    ### END SOLUTION


def _type(arg: bytes) -> tuple[bool, int]:
    """Read a type such as u8 or i64: whether it has a sign, and its width."""
    ### BEGIN SOLUTION mini.bitfield
    signed = arg[:1] == b"i"
    width = parse_int(arg[1:]) if arg[:1] in (b"i", b"u") else None
    if width is None or not 1 <= width <= (64 if signed else 63):
        raise CommandError(NO_TYPE)
    return signed, width
    ### END SOLUTION


def _overflow(arg: bytes) -> bytes:
    """Read WRAP, SAT or FAIL."""
    ### BEGIN SOLUTION mini.bitfield-overflow
    how = arg.upper()
    if how not in (b"WRAP", b"SAT", b"FAIL"):
        raise CommandError("ERR Invalid OVERFLOW type specified")
    return how
    ### END SOLUTION


def _run(value: bytearray, step: Step) -> int | None:
    """Do one step; GET and SET give the old number, INCRBY the new one, None where it was not done."""
    ### BEGIN SOLUTION mini.bitfield
    old = read_field(value, step)
    if step.what == b"GET":
        return old
    wanted = step.amount if step.what == b"SET" else old + step.amount
    new = fit(wanted, step)
    if new is None:
        return None
    write_field(value, step, new)
    return old if step.what == b"SET" else new
    ### END SOLUTION


def fit(number: int, step: Step) -> int | None:
    """Make a number fit into the field: wrapped around, at the nearest end, or None for FAIL."""
    low, high = (-(1 << step.width - 1), (1 << step.width - 1) - 1) if step.signed else (0, (1 << step.width) - 1)
    if low <= number <= high:
        return number
    ### BEGIN SOLUTION mini.bitfield-overflow
    if step.overflow == b"FAIL":
        return None
    if step.overflow == b"SAT":
        # To C, a number to SET that is negative without a sign, or too far from the upper end, is a very large one.
        counts_as_large = step.what == b"SET" and (not step.signed or high - number > INT64_MAX)
        return low if number < low and not counts_as_large else high
    wrapped = number & (1 << step.width) - 1
    return wrapped - (1 << step.width) if wrapped > high else wrapped
    ### END SOLUTION


def read_field(value: bytes | bytearray, step: Step) -> int:
    """Return the number in a field; what lies behind the end of the string is 0."""
    ### BEGIN SOLUTION mini.bitfield
    first, stop = step.place, step.place + step.width
    piece = value[first // 8 : (stop + 7) // 8]
    size = (stop + 7) // 8 - first // 8
    number = int.from_bytes(piece.ljust(size, b"\0"), "big") >> -stop % 8 & (1 << step.width) - 1
    return number - (1 << step.width) if step.signed and number >> step.width - 1 else number
    ### END SOLUTION


def write_field(value: bytearray, step: Step, number: int) -> None:
    """Write a number that fits into a field; the string is long enough."""
    ### BEGIN SOLUTION mini.bitfield
    first, stop = step.place, step.place + step.width
    where = slice(first // 8, (stop + 7) // 8)
    shift, mask = -stop % 8, (1 << step.width) - 1
    around = int.from_bytes(value[where], "big") & ~(mask << shift)
    value[where] = (around | (number & mask) << shift).to_bytes(where.stop - where.start, "big")
    ### END SOLUTION
