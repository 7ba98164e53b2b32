"""Sets: members without order; what they have in common and what not."""

from __future__ import annotations

from collections.abc import Iterable

from miniredis.commands.arguments import counted_keys, integer_from, negatable, syntax_error
from miniredis.commands.scan import read_cursor, read_page
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.numbers import parse_int
from miniredis.resp import Args, CommandError, Reply, SetReply
from miniredis.values import Set

OUT_OF_RANGE = "ERR value is out of range, must be positive"


@command("SADD", arity=-3, flags="write denyoom fast", keys=(1, 1, 1), group="set", since="1.0.0")
def sadd(client: Client, args: Args) -> Reply:
    """SADD key member [member …]: add members. How many of them are new."""
    ### BEGIN SOLUTION mini.sadd
    value = client.db.edit_or_new(args[1], Set)
    value.expect(args[2], len(args) - 2)
    added = sum(map(value.add, args[2:]))
    if added:
        client.db.modified(args[1], "s", "sadd", changes=added)
    return added
    ### END SOLUTION


@command("SCARD", arity=2, flags="readonly fast", keys=(1, 1, 1), group="set", since="1.0.0")
def scard(client: Client, args: Args) -> Reply:
    """SCARD key: how many members the set has."""
    ### BEGIN SOLUTION mini.sadd
    value = client.db.read(args[1], Set)
    return 0 if value is None else len(value)
    ### END SOLUTION


@command("SMEMBERS", arity=2, flags="readonly", keys=(1, 1, 1), group="set", since="1.0.0")
def smembers(client: Client, args: Args) -> Reply:
    """SMEMBERS key: all members."""
    ### BEGIN SOLUTION mini.sadd
    return SetReply(client.db.read(args[1], Set) or ())
    ### END SOLUTION


@command("SISMEMBER", arity=3, flags="readonly fast", keys=(1, 1, 1), group="set", since="1.0.0")
def sismember(client: Client, args: Args) -> Reply:
    """SISMEMBER key member: 1 or 0."""
    ### BEGIN SOLUTION mini.sismember
    value = client.db.read(args[1], Set)
    return int(value is not None and args[2] in value)
    ### END SOLUTION


@command("SMISMEMBER", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="set", since="6.2.0")
def smismember(client: Client, args: Args) -> Reply:
    """SMISMEMBER key member [member …]: a 1 or 0 for each."""
    ### BEGIN SOLUTION mini.sismember
    value = client.db.read(args[1], Set)
    return [int(value is not None and member in value) for member in args[2:]]
    ### END SOLUTION


@command("SREM", arity=-3, flags="write fast", keys=(1, 1, 1), group="set", since="1.0.0")
def srem(client: Client, args: Args) -> Reply:
    """SREM key member [member …]: remove members. How many of them were there."""
    ### BEGIN SOLUTION mini.srem
    value = client.db.edit(args[1], Set)
    if value is None:
        return 0
    removed = sum(map(value.remove, args[2:]))
    if removed:
        client.db.modified(args[1], "s", "srem", changes=removed)
        client.db.delete_if_empty(args[1], value)
    return removed
    ### END SOLUTION


@command("SMOVE", arity=4, flags="write fast", keys=(1, 2, 1), group="set", since="1.0.0")
def smove(client: Client, args: Args) -> Reply:
    """SMOVE source destination member: 1 if it was in the source, 0 if not (then nothing happens)."""
    ### BEGIN SOLUTION mini.smove
    _, source, destination, member = args
    db = client.db
    value = db.edit(source, Set)
    if value is None:
        return 0
    other = db.edit(destination, Set)
    if value is other:
        return int(member in value)
    if not value.remove(member):
        return 0
    db.modified(source, "s", "srem")
    db.delete_if_empty(source, value)
    if db.edit_or_new(destination, Set).add(member):
        db.modified(destination, "s", "sadd")
    return 1
    ### END SOLUTION


@command("SPOP", arity=-2, flags="write fast", keys=(1, 1, 1), group="set", since="1.0.0")
def spop(client: Client, args: Args) -> Reply:
    """SPOP key [count]: remove and return a random member, or with a count so many different ones."""
    ### BEGIN SOLUTION mini.spop
    if len(args) > 3:
        raise syntax_error()
    count = integer_from(0, args[2], OUT_OF_RANGE) if len(args) == 3 else None
    value = client.db.edit(args[1], Set)
    if value is None:
        return None if count is None else SetReply()
    members = [value.random()] if count is None else value.sample(count)
    for member in members:
        value.remove(member)
    if members:
        client.db.modified(args[1], "s", "spop", changes=len(members))
        client.db.delete_if_empty(args[1], value)
        client.server.rewrite([b"SREM", args[1], *members])
    return members[0] if count is None else SetReply(members)
    ### END SOLUTION


@command("SRANDMEMBER", arity=-2, flags="readonly", keys=(1, 1, 1), group="set", since="1.0.0")
def srandmember(client: Client, args: Args) -> Reply:
    """SRANDMEMBER key [count]: a random member, or so many different ones; -n draws n times, any of them again."""
    ### BEGIN SOLUTION mini.srandmember
    if len(args) > 3:
        raise syntax_error()
    count = negatable(args[2]) if len(args) == 3 else None
    value = client.db.read(args[1], Set)
    if value is None:
        return None if count is None else []
    if count is None:
        return value.random()
    return value.sample(count) if count >= 0 else [value.random() for _ in range(-count)]
    ### END SOLUTION


# What sets have in common


@command("SINTER", arity=-2, flags="readonly", keys=(1, -1, 1), group="set", since="1.0.0")
def sinter(client: Client, args: Args) -> Reply:
    """SINTER key [key …]: the members that all of the sets have."""
    ### BEGIN SOLUTION mini.sinter
    return SetReply(_common(_sets(client, args[1:])))
    ### END SOLUTION


@command("SINTERCARD", arity=-3, flags="readonly movablekeys", find_keys=counted_keys(1), group="set", since="7.0.0")
def sintercard(client: Client, args: Args) -> Reply:
    """SINTERCARD numkeys key [key …] [LIMIT limit]: how many members all of the sets have; counts up to the limit."""
    ### BEGIN SOLUTION mini.sinter
    number = integer_from(1, args[1], "ERR numkeys should be greater than 0")
    if number > len(args) - 2:
        raise CommandError("ERR Number of keys can't be greater than number of args")
    limit = 0
    options = args[2 + number :]
    for at in range(0, len(options), 2):
        if options[at].upper() != b"LIMIT" or at + 1 == len(options):
            raise syntax_error()
        limit = integer_from(0, options[at + 1], "ERR LIMIT can't be negative")
    found = len(_common(_sets(client, args[2 : 2 + number])))
    return min(found, limit) if limit else found
    ### END SOLUTION


@command("SUNION", arity=-2, flags="readonly", keys=(1, -1, 1), group="set", since="1.0.0")
def sunion(client: Client, args: Args) -> Reply:
    """SUNION key [key …]: the members that any of the sets has."""
    ### BEGIN SOLUTION mini.sunion
    return SetReply(_all(_sets(client, args[1:])))
    ### END SOLUTION


@command("SDIFF", arity=-2, flags="readonly", keys=(1, -1, 1), group="set", since="1.0.0")
def sdiff(client: Client, args: Args) -> Reply:
    """SDIFF key [key …]: the members of the first set that none of the others has."""
    ### BEGIN SOLUTION mini.sunion
    return SetReply(_rest(_sets(client, args[1:])))
    ### END SOLUTION


@command("SINTERSTORE", arity=-3, flags="write denyoom", keys=(1, -1, 1), group="set", since="1.0.0")
def sinterstore(client: Client, args: Args) -> Reply:
    """SINTERSTORE destination key [key …]: store what SINTER returns. How many members that are."""
    ### BEGIN SOLUTION mini.sinterstore
    return _store(client, args[1], _common(_sets(client, args[2:])), "sinterstore")
    ### END SOLUTION


@command("SUNIONSTORE", arity=-3, flags="write denyoom", keys=(1, -1, 1), group="set", since="1.0.0")
def sunionstore(client: Client, args: Args) -> Reply:
    """SUNIONSTORE destination key [key …]: store what SUNION returns. How many members that are."""
    ### BEGIN SOLUTION mini.sinterstore
    return _store(client, args[1], _all(_sets(client, args[2:])), "sunionstore")
    ### END SOLUTION


@command("SDIFFSTORE", arity=-3, flags="write denyoom", keys=(1, -1, 1), group="set", since="1.0.0")
def sdiffstore(client: Client, args: Args) -> Reply:
    """SDIFFSTORE destination key [key …]: store what SDIFF returns. How many members that are."""
    ### BEGIN SOLUTION mini.sinterstore
    return _store(client, args[1], _rest(_sets(client, args[2:])), "sdiffstore")
    ### END SOLUTION


def _sets(client: Client, keys: list[bytes]) -> list[Set]:
    """The sets under these keys, an empty one where there is none; an error where one holds another type."""
    ### BEGIN SOLUTION mini.sinter
    return [client.db.read(key, Set) or Set() for key in keys]
    ### END SOLUTION


def _common(sets: list[Set]) -> Set:
    """What all have: the members of the smallest that are in the others, so it costs no more than it must."""
    ### BEGIN SOLUTION mini.sinter
    smallest, *others = sorted(sets, key=len)
    found = Set()
    found.encoding = "intset" if smallest.encoding == "intset" else "listpack"
    for member in smallest:
        if all(member in other for other in others):
            found.add(member)
    if all(parse_int(member) is not None for member in found):
        found.become_intset()
    return found
    ### END SOLUTION


def _all(sets: list[Set]) -> Set:
    """What any of them has."""
    ### BEGIN SOLUTION mini.sunion
    return Set(member for each in sets for member in each)
    ### END SOLUTION


def _rest(sets: list[Set]) -> Set:
    """What the first has and none of the others.

    Two ways, and Redis takes the cheaper one: ask all others for each member of the first, or copy the first and
    remove each member of the others.
    """
    ### BEGIN SOLUTION mini.sunion
    first, *others = sets
    there = [other for other in others if other]
    asking = len(first) * (1 + len(there)) // 2
    removing = len(first) + sum(map(len, there))
    if asking <= removing:
        return Set(member for member in first if not any(member in other for other in there))
    rest = Set(first)
    for member in _members(there):
        rest.remove(member)
    return rest
    ### END SOLUTION


def _members(sets: list[Set]) -> Iterable[bytes]:
    return (member for each in sets for member in each)


def _store(client: Client, key: bytes, members: Set, event: str) -> int:
    """Put a set in the place of whatever `key` holds; an empty one removes the key. How many members it has."""
    ### BEGIN SOLUTION mini.sinterstore
    db = client.db
    if members:
        db.set(key, members)
        db.modified(key, "s", event)
    elif db.peek(key) is not None and db.delete(key):
        db.modified(key, "g", "del")
    return len(members)
    ### END SOLUTION


@command("SSCAN", arity=-3, flags="readonly", keys=(1, 1, 1), group="set", since="2.8.0")
def sscan(client: Client, args: Args) -> Reply:
    """SSCAN key cursor [MATCH pattern] [COUNT count]: the next cursor, 0 at the end, and a page of members."""
    ### BEGIN SOLUTION mini.sscan
    read_cursor(args[2])
    value = client.db.read(args[1], Set)
    if value is None:
        return [b"0", []]
    page = read_page(args, 2, "sscan")
    cursor, members = value.scan(page.cursor, page.count)
    return [b"%d" % cursor, members if page.wanted is None else list(filter(page.wanted, members))]
    ### END SOLUTION
