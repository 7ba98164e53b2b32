"""Reading arguments: numbers with Redis's error texts, and the options behind a command's fixed part."""

from __future__ import annotations

from miniredis.numbers import parse_int
from miniredis.resp import CommandError

NOT_AN_INTEGER = "ERR value is not an integer or out of range"
SYNTAX_ERROR = "ERR syntax error"


def integer(arg: bytes, error: str = NOT_AN_INTEGER) -> int:
    """Return the 64-bit integer that `arg` is, or raise `error`."""
    value = parse_int(arg)
    if value is None:
        raise CommandError(error)
    return value


def syntax_error() -> CommandError:
    """The error for options nobody knows, or that do not go together."""
    return CommandError(SYNTAX_ERROR)
