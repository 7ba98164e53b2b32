"""Strings that look like numbers: INCR and its family. Redis keeps no numbers; it reads one, adds, and writes it."""

from __future__ import annotations

from fractions import Fraction

from miniredis.commands.arguments import NOT_AN_INTEGER, integer
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import (
    INT64_MAX,
    INT64_MIN,
    LONG_DOUBLE_MAX,
    format_long_double,
    parse_int,
    parse_long_double,
    round_to_long_double,
)
from miniredis.resp import Args, CommandError, Reply

NOT_A_FLOAT = "ERR value is not a valid float"
_OVERFLOW = "ERR increment or decrement would overflow"


@command("INCR", arity=2, flags="write denyoom fast", keys=(1, 1, 1), group="string")
def incr(client: Client, args: Args) -> Reply:
    """INCR key: add one to the integer that the string is; the sum."""
    raise NotImplementedError("mini.incr")  # course hint mini.incr


@command("DECR", arity=2, flags="write denyoom fast", keys=(1, 1, 1), group="string")
def decr(client: Client, args: Args) -> Reply:
    """DECR key: take one off the integer that the string is; the difference."""
    raise NotImplementedError("mini.incr")  # course hint mini.incr


@command("INCRBY", arity=3, flags="write denyoom fast", keys=(1, 1, 1), group="string")
def incrby(client: Client, args: Args) -> Reply:
    """INCRBY key amount: add to the integer that the string is; the sum."""
    raise NotImplementedError("mini.incrby")  # course hint mini.incrby


@command("DECRBY", arity=3, flags="write denyoom fast", keys=(1, 1, 1), group="string")
def decrby(client: Client, args: Args) -> Reply:
    """DECRBY key amount: take off the integer that the string is; the difference."""
    raise NotImplementedError("mini.incrby")  # course hint mini.incrby


def _add(client: Client, key: bytes, amount: int) -> int:
    """Add to the integer at `key`, which is 0 where there is none; the sum. The end of the key stays."""
    raise NotImplementedError("mini.incr")  # course hint mini.incr


@command("INCRBYFLOAT", arity=3, flags="write denyoom fast", keys=(1, 1, 1), since="2.6.0", group="string")
def incrbyfloat(client: Client, args: Args) -> Reply:
    """INCRBYFLOAT key amount: add to the number that the string is; the sum, as text without an exponent."""
    raise NotImplementedError("mini.incrbyfloat")  # course hint mini.incrbyfloat


def add_long_doubles(left: bytes, right: bytes) -> bytes:
    """Add two numbers given as text, as C's `long double` does; the sum as text.

    Raises:
        CommandError: one of them is no number, or the sum is infinite.
    """
    raise NotImplementedError("mini.incrbyfloat")  # course hint mini.incrbyfloat
