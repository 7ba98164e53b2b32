"""Reading arguments: numbers with Redis's error texts, and the options behind a command's fixed part."""

from __future__ import annotations

import math

from miniredis.commands.table import KeyFinder
from miniredis.numbers import INT64_MAX, parse_int, parse_long_double
from miniredis.resp import Args, CommandError

NOT_AN_INTEGER = "ERR value is not an integer or out of range"
SYNTAX_ERROR = "ERR syntax error"


def integer(arg: bytes, error: str = NOT_AN_INTEGER) -> int:
    """Return the 64-bit integer that `arg` is, or raise `error`."""
    value = parse_int(arg)
    if value is None:
        raise CommandError(error)
    return value


def integer_from(least: int, arg: bytes, error: str = NOT_AN_INTEGER) -> int:
    """Return the integer that `arg` is, or raise `error` where it is none or below `least`."""
    value = parse_int(arg)
    if value is None or value < least:
        raise CommandError(error)
    return value


def negatable(arg: bytes) -> int:
    """Return the integer that `arg` is, for a count with a meaning when negative; -2**63 has no counterpart."""
    value = integer(arg)
    if value < -INT64_MAX:
        raise CommandError(f"ERR value is out of range, value must between {-INT64_MAX} and {INT64_MAX}")
    return value


def syntax_error() -> CommandError:
    """The error for options nobody knows, or that do not go together."""
    return CommandError(SYNTAX_ERROR)


def counted_keys(place: int, also: tuple[int, ...] = ()) -> KeyFinder:
    """For `command(find_keys=…)`: the argument at `place` says how many keys follow it, as in ZUNION 2 k l.

    Args:
        place: where the number stands.
        also: places of single keys, such as the destination of ZUNIONSTORE.
    """

    def find(args: Args) -> list[bytes]:
        number = parse_int(args[place]) if place < len(args) else None
        if number is None or not 0 < number < len(args) - place:
            raise CommandError("ERR Invalid arguments specified for command")
        return [args[at] for at in also] + args[place + 1 : place + 1 + number]

    return find


def deadline(arg: bytes, now: int) -> int | None:
    """Read a timeout in seconds, with a fraction; when it ends, in milliseconds as `now`. None for 0: never."""
    seconds = parse_long_double(arg)
    if seconds is None:
        raise CommandError("ERR timeout is not a float or out of range")
    if seconds * 1000 > INT64_MAX:
        raise CommandError("ERR timeout is out of range")
    milliseconds = -1 if seconds < 0 and math.isinf(seconds) else math.ceil(seconds * 1000)
    if milliseconds < 0:
        raise CommandError("ERR timeout is negative")
    if milliseconds > INT64_MAX - now:
        raise CommandError("ERR timeout is out of range")
    return now + milliseconds if milliseconds else None
