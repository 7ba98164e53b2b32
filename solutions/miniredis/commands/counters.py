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
    ### BEGIN SOLUTION mini.incr
    return _add(client, args[1], 1)
    ### END SOLUTION


@command("DECR", arity=2, flags="write denyoom fast", keys=(1, 1, 1), group="string")
def decr(client: Client, args: Args) -> Reply:
    """DECR key: take one off the integer that the string is; the difference."""
    ### BEGIN SOLUTION mini.incr
    return _add(client, args[1], -1)
    ### END SOLUTION


@command("INCRBY", arity=3, flags="write denyoom fast", keys=(1, 1, 1), group="string")
def incrby(client: Client, args: Args) -> Reply:
    """INCRBY key amount: add to the integer that the string is; the sum."""
    ### BEGIN SOLUTION mini.incrby
    return _add(client, args[1], integer(args[2]))
    ### END SOLUTION


@command("DECRBY", arity=3, flags="write denyoom fast", keys=(1, 1, 1), group="string")
def decrby(client: Client, args: Args) -> Reply:
    """DECRBY key amount: take off the integer that the string is; the difference."""
    ### BEGIN SOLUTION mini.incrby
    amount = integer(args[2])
    if amount == INT64_MIN:
        raise CommandError("ERR decrement would overflow")
    return _add(client, args[1], -amount)
    ### END SOLUTION


def _add(client: Client, key: bytes, amount: int) -> int:
    """Add to the integer at `key`, which is 0 where there is none; the sum. The end of the key stays."""
    ### BEGIN SOLUTION mini.incr
    old = client.db.edit_string(key)
    value = 0 if old is None else parse_int(bytes(old))
    if value is None:
        raise CommandError(NOT_AN_INTEGER)
    total = value + amount
    if not INT64_MIN <= total <= INT64_MAX:
        raise CommandError(_OVERFLOW)
    client.db.set(key, b"%d" % total, keep_ttl=True)
    client.db.modified(key, "$", "incrby")
    return total
    ### END SOLUTION


@command("INCRBYFLOAT", arity=3, flags="write denyoom fast", keys=(1, 1, 1), since="2.6.0", group="string")
def incrbyfloat(client: Client, args: Args) -> Reply:
    """INCRBYFLOAT key amount: add to the number that the string is; the sum, as text without an exponent."""
    ### BEGIN SOLUTION mini.incrbyfloat
    key = args[1]
    old = client.db.edit_string(key)
    text = add_long_doubles(b"0" if old is None else bytes(old), args[2])
    client.db.set(key, text, keep_ttl=True)
    client.db.modified(key, "$", "incrbyfloat")
    client.server.rewrite([b"SET", key, text, b"KEEPTTL"])
    return text
    ### END SOLUTION


def add_long_doubles(left: bytes, right: bytes) -> bytes:
    """Add two numbers given as text, as C's `long double` does; the sum as text.

    Raises:
        CommandError: one of them is no number, or the sum is infinite.
    """
    ### BEGIN SOLUTION mini.incrbyfloat
    one, two = parse_long_double(left), parse_long_double(right)
    if one is None or two is None:
        raise CommandError(NOT_A_FLOAT)
    total = round_to_long_double(one + two) if isinstance(one, Fraction) and isinstance(two, Fraction) else None
    if total is None or abs(total) > LONG_DOUBLE_MAX:
        raise CommandError("ERR increment would produce NaN or Infinity")
    return format_long_double(total)
    ### END SOLUTION
