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
    ### BEGIN SOLUTION mini.hset
    return _set_fields(client, args)
    ### END SOLUTION


def _set_fields(client: Client, args: Args) -> int:
    """Set pairs of field and value behind the key; how many are new."""
    ### BEGIN SOLUTION mini.hset
    if len(args) % 2:
        raise wrong_arity(args[0].decode().lower())
    value = edit_hash(client, args[1]) or client.db.edit_or_new(args[1], Hash)
    value.expect(len(args) // 2 - 1)
    added = 0
    for at in range(2, len(args), 2):
        added += value.set(args[at], args[at + 1])
        if value.ends:
            value.end_at(args[at], None)
    client.db.modified(args[1], "h", "hset", changes=len(args) // 2 - 1)
    return added
    ### END SOLUTION


@command("HGET", arity=3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hget(client: Client, args: Args) -> Reply:
    """HGET key field: the value, or nil."""
    ### BEGIN SOLUTION mini.hset
    value = read_hash(client, args[1])
    return None if value is None else value.get(args[2])
    ### END SOLUTION


@command("HMSET", arity=-4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hmset(client: Client, args: Args) -> Reply:
    """HMSET key field value [field value …]: what HSET does; its reply is OK. It is older."""
    ### BEGIN SOLUTION mini.hmget
    _set_fields(client, args)
    return OK
    ### END SOLUTION


@command("HMGET", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hmget(client: Client, args: Args) -> Reply:
    """HMGET key field [field …]: the value of each, nil for those that are not there."""
    ### BEGIN SOLUTION mini.hmget
    value = read_hash(client, args[1])
    return [None if value is None else value.get(field) for field in args[2:]]
    ### END SOLUTION


@command("HSETNX", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hsetnx(client: Client, args: Args) -> Reply:
    """HSETNX key field value: set a field that is not there yet. 1, or 0 where it is."""
    ### BEGIN SOLUTION mini.hsetnx
    value = edit_hash(client, args[1])
    if value is not None and args[2] in value:
        return 0
    value = value or client.db.edit_or_new(args[1], Hash)
    value.set(args[2], args[3])
    client.db.modified(args[1], "h", "hset")
    return 1
    ### END SOLUTION


@command("HDEL", arity=-3, flags="write fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hdel(client: Client, args: Args) -> Reply:
    """HDEL key field [field …]: remove fields. How many were there."""
    ### BEGIN SOLUTION mini.hdel
    value = edit_hash(client, args[1])
    if value is None:
        return 0
    removed = sum(map(value.delete, args[2:]))
    if removed:
        client.db.modified(args[1], "h", "hdel", changes=removed)
        client.db.delete_if_empty(args[1], value)
    return removed
    ### END SOLUTION


@command("HLEN", arity=2, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hlen(client: Client, args: Args) -> Reply:
    """HLEN key: how many fields the hash has."""
    ### BEGIN SOLUTION mini.hgetall
    value = read_hash(client, args[1])
    return 0 if value is None else len(value)
    ### END SOLUTION


@command("HSTRLEN", arity=3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="3.2.0")
def hstrlen(client: Client, args: Args) -> Reply:
    """HSTRLEN key field: how many bytes the value has, 0 where there is none."""
    ### BEGIN SOLUTION mini.hexists
    value = read_hash(client, args[1])
    return 0 if value is None else len(value.get(args[2]) or b"")
    ### END SOLUTION


@command("HEXISTS", arity=3, flags="readonly fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hexists(client: Client, args: Args) -> Reply:
    """HEXISTS key field: 1 or 0."""
    ### BEGIN SOLUTION mini.hexists
    value = read_hash(client, args[1])
    return int(value is not None and args[2] in value)
    ### END SOLUTION


@command("HKEYS", arity=2, flags="readonly", keys=(1, 1, 1), group="hash", since="2.0.0")
def hkeys(client: Client, args: Args) -> Reply:
    """HKEYS key: all fields."""
    ### BEGIN SOLUTION mini.hgetall
    return list(read_hash(client, args[1]) or ())
    ### END SOLUTION


@command("HVALS", arity=2, flags="readonly", keys=(1, 1, 1), group="hash", since="2.0.0")
def hvals(client: Client, args: Args) -> Reply:
    """HVALS key: all values."""
    ### BEGIN SOLUTION mini.hgetall
    value = read_hash(client, args[1])
    return [] if value is None else [each for _, each in value.items()]
    ### END SOLUTION


@command("HGETALL", arity=2, flags="readonly", keys=(1, 1, 1), group="hash", since="2.0.0")
def hgetall(client: Client, args: Args) -> Reply:
    """HGETALL key: all fields with their values."""
    ### BEGIN SOLUTION mini.hgetall
    value = read_hash(client, args[1])
    return Map() if value is None else Map(word for pair in value.items() for word in pair)
    ### END SOLUTION


@command("HINCRBY", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.0.0")
def hincrby(client: Client, args: Args) -> Reply:
    """HINCRBY key field increment: add to the integer that the value is, 0 where there is none; the sum."""
    ### BEGIN SOLUTION mini.hincrby
    amount = integer(args[3])
    value = edit_hash(client, args[1])
    old = None if value is None else value.get(args[2])
    number = 0 if old is None else parse_int(old)
    if number is None:
        raise CommandError("ERR hash value is not an integer")
    total = number + amount
    if not INT64_MIN <= total <= INT64_MAX:
        raise CommandError("ERR increment or decrement would overflow")
    value = value or client.db.edit_or_new(args[1], Hash)
    value.set(args[2], b"%d" % total)
    client.db.modified(args[1], "h", "hincrby")
    return total
    ### END SOLUTION


@command("HINCRBYFLOAT", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="hash", since="2.6.0")
def hincrbyfloat(client: Client, args: Args) -> Reply:
    """HINCRBYFLOAT key field increment: add to the number that the value is, 0 where there is none; the sum."""
    ### BEGIN SOLUTION mini.hincrbyfloat
    amount = parse_long_double(args[3])
    if amount is None:
        raise CommandError("ERR value is not a valid float")
    if not isinstance(amount, Fraction):
        raise CommandError("ERR value is NaN or Infinity")
    value = edit_hash(client, args[1])
    old = None if value is None else value.get(args[2])
    number = Fraction(0) if old is None else parse_long_double(old)
    if number is None:
        raise CommandError("ERR hash value is not a float")
    if not isinstance(number, Fraction):
        raise CommandError("ERR increment would produce NaN or Infinity")
    text = format_long_double(round_to_long_double(number + amount))
    value = value or client.db.edit_or_new(args[1], Hash)
    value.set(args[2], text)
    client.db.modified(args[1], "h", "hincrbyfloat")
    if args[2] in value.ends:
        client.server.rewrite([b"HSETEX", args[1], b"KEEPTTL", b"FIELDS", b"1", args[2], text])
    else:
        client.server.rewrite([b"HSET", args[1], args[2], text])
    return text
    ### END SOLUTION


@command("HRANDFIELD", arity=-2, flags="readonly", keys=(1, 1, 1), group="hash", since="6.2.0")
def hrandfield(client: Client, args: Args) -> Reply:
    """HRANDFIELD key [count [WITHVALUES]]: a random field, or so many different ones.

    A count of -n draws n times, any of them again. With values, RESP3 has a list of pairs, RESP2 a flat one.
    """
    ### BEGIN SOLUTION mini.hrandfield
    count = negatable(args[2]) if len(args) > 2 else None
    if len(args) > 4 or (len(args) == 4 and args[3].upper() != b"WITHVALUES"):
        raise syntax_error()
    with_values = len(args) == 4
    if with_values and count is not None and abs(count) > INT64_MAX // 2:
        raise CommandError("ERR value is out of range")
    value = read_hash(client, args[1])
    if value is None:
        return None if count is None else []
    if count is None:
        return value.random()
    fields = value.sample(count) if count >= 0 else [value.random() for _ in range(-count)]
    if not with_values:
        return fields
    pairs = [[field, value.get(field)] for field in fields]
    return pairs if client.protocol == 3 else [word for pair in pairs for word in pair]
    ### END SOLUTION


@command("HSCAN", arity=-3, flags="readonly", keys=(1, 1, 1), group="hash", since="2.8.0")
def hscan(client: Client, args: Args) -> Reply:
    """HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]: the next cursor, 0 at the end, and a page."""
    ### BEGIN SOLUTION mini.hscan
    read_cursor(args[2])
    value = read_hash(client, args[1])
    if value is None:
        return [b"0", []]
    page = read_page(args, 2, "hscan")
    cursor, fields = value.scan(page.cursor, page.count)
    if page.wanted is not None:
        fields = list(filter(page.wanted, fields))
    if not page.bare:
        fields = [word for field in fields for word in (field, value.get(field) or b"")]
    return [b"%d" % cursor, fields]
    ### END SOLUTION
