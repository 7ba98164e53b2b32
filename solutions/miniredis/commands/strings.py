"""Strings: bytes of any content, up to 512 MB."""

from __future__ import annotations

from miniredis.commands.arguments import NOT_AN_INTEGER, syntax_error
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX, INT64_MIN, parse_int
from miniredis.resp import OK, Args, CommandError, Reply


@command("GET", arity=2, flags="readonly fast", keys=(1, 1, 1))
def get(client: Client, args: Args) -> Reply:
    """GET key: the value, or nil."""
    ### BEGIN SOLUTION mini.get
    return client.db.read_string(args[1])
    ### END SOLUTION


@command("SET", arity=-3, flags="write denyoom", keys=(1, 1, 1))
def set_(client: Client, args: Args) -> Reply:
    """SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]: store a string."""
    ### BEGIN SOLUTION mini.set
    if len(args) > 3:
        raise syntax_error()
    client.db.set(args[1], args[2])
    client.db.modified(args[1], "$", "set")
    return OK
    ### END SOLUTION


@command("INCR", arity=2, flags="write denyoom fast", keys=(1, 1, 1))
def incr(client: Client, args: Args) -> Reply:
    """INCR key: add one to the integer that the string is; the sum."""
    ### BEGIN SOLUTION mini.incr
    return _add(client, args[1], 1)
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
        raise CommandError("ERR increment or decrement would overflow")
    client.db.set(key, b"%d" % total, keep_ttl=True)
    client.db.modified(key, "$", "incrby")
    return total
    ### END SOLUTION
