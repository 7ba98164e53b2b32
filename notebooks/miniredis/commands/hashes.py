"""Hashes: fields with values under one key. The ends of single fields are in `hash_expiry`."""

from __future__ import annotations

from fractions import Fraction

from miniredis.commands.arguments import integer, negatable, syntax_error
from miniredis.commands.scan import read_cursor, read_page
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.field_ends import end_fields
from miniredis.numbers import (
    INT64_MAX,
    INT64_MIN,
    format_long_double,
    parse_int,
    parse_long_double,
    round_to_long_double,
)
from miniredis.resp import OK, Args, CommandError, Map, Reply
from miniredis.values import Hash


def read_hash(client: Client, key: bytes) -> Hash | None:
    """Return the hash for a command that reads, without the fields whose time has come."""
    value = client.db.read(key, Hash)
    if value is not None and value.ends:
        end_fields(client.db, key, value)
    return value if value else None


def edit_hash(client: Client, key: bytes) -> Hash | None:
    """Return the hash for a command that changes it, without the fields whose time has come."""
    value = client.db.edit(key, Hash)
    if value is not None and value.ends:
        end_fields(client.db, key, value)
    return value if value else None


@command("HSET", arity=-4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hset(client: Client, args: Args) -> Reply:
    """HSET key field value [field value …]: set fields. How many of them are new."""
    raise NotImplementedError("mini.hset")  # course hint mini.hset


def _set_fields(client: Client, args: Args) -> int:
    """Set pairs of field and value behind the key; how many are new."""
    raise NotImplementedError("mini.hset")  # course hint mini.hset


@command("HGET", arity=3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hget(client: Client, args: Args) -> Reply:
    """HGET key field: the value, or nil."""
    raise NotImplementedError("mini.hset")  # course hint mini.hset


@command("HMSET", arity=-4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hmset(client: Client, args: Args) -> Reply:
    """HMSET key field value [field value …]: what HSET does; its reply is OK. It is older."""
    raise NotImplementedError("mini.hmget")  # course hint mini.hmget


@command("HMGET", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hmget(client: Client, args: Args) -> Reply:
    """HMGET key field [field …]: the value of each, nil for those that are not there."""
    raise NotImplementedError("mini.hmget")  # course hint mini.hmget


@command("HSETNX", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hsetnx(client: Client, args: Args) -> Reply:
    """HSETNX key field value: set a field that is not there yet. 1, or 0 where it is."""
    raise NotImplementedError("mini.hsetnx")  # course hint mini.hsetnx


@command("HDEL", arity=-3, flags="write fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hdel(client: Client, args: Args) -> Reply:
    """HDEL key field [field …]: remove fields. How many were there."""
    raise NotImplementedError("mini.hdel")  # course hint mini.hdel


@command("HLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hlen(client: Client, args: Args) -> Reply:
    """HLEN key: how many fields the hash has."""
    raise NotImplementedError("mini.hgetall")  # course hint mini.hgetall


@command("HSTRLEN", arity=3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="3.2.0")
def hstrlen(client: Client, args: Args) -> Reply:
    """HSTRLEN key field: how many bytes the value has, 0 where there is none."""
    raise NotImplementedError("mini.hexists")  # course hint mini.hexists


@command("HEXISTS", arity=3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hexists(client: Client, args: Args) -> Reply:
    """HEXISTS key field: 1 or 0."""
    raise NotImplementedError("mini.hexists")  # course hint mini.hexists


@command("HKEYS", arity=2, flags="readonly", keys=(1, 1, 1), group="hash", since="2.0.0")
def hkeys(client: Client, args: Args) -> Reply:
    """HKEYS key: all fields."""
    raise NotImplementedError("mini.hgetall")  # course hint mini.hgetall


@command("HVALS", arity=2, flags="readonly", keys=(1, 1, 1), group="hash", since="2.0.0")
def hvals(client: Client, args: Args) -> Reply:
    """HVALS key: all values."""
    raise NotImplementedError("mini.hgetall")  # course hint mini.hgetall


@command("HGETALL", arity=2, flags="readonly", keys=(1, 1, 1), group="hash", since="2.0.0")
def hgetall(client: Client, args: Args) -> Reply:
    """HGETALL key: all fields with their values."""
    raise NotImplementedError("mini.hgetall")  # course hint mini.hgetall


@command("HINCRBY", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hincrby(client: Client, args: Args) -> Reply:
    """HINCRBY key field increment: add to the integer that the value is, 0 where there is none; the sum."""
    raise NotImplementedError("mini.hincrby")  # course hint mini.hincrby


@command("HINCRBYFLOAT", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.6.0")
def hincrbyfloat(client: Client, args: Args) -> Reply:
    """HINCRBYFLOAT key field increment: add to the number that the value is, 0 where there is none; the sum."""
    raise NotImplementedError("mini.hincrbyfloat")  # course hint mini.hincrbyfloat


@command("HRANDFIELD", arity=-2, flags="readonly", keys=(1, 1, 1), group="hash", since="6.2.0")
def hrandfield(client: Client, args: Args) -> Reply:
    """HRANDFIELD key [count [WITHVALUES]]: a random field, or so many different ones.

    A count of -n draws n times, any of them again. With values, RESP3 has a list of pairs, RESP2 a flat one.
    """
    raise NotImplementedError("mini.hrandfield")  # course hint mini.hrandfield


@command("HSCAN", arity=-3, flags="readonly", keys=(1, 1, 1), group="hash", since="2.8.0")
def hscan(client: Client, args: Args) -> Reply:
    """HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]: the next cursor, 0 at the end, and a page."""
    raise NotImplementedError("mini.hscan")  # course hint mini.hscan
