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
    raise NotImplementedError("mini.sadd")  # course hint mini.sadd


@command("SCARD", arity=2, flags="readonly fast", keys=(1, 1, 1), group="set", since="1.0.0")
def scard(client: Client, args: Args) -> Reply:
    """SCARD key: how many members the set has."""
    raise NotImplementedError("mini.sadd")  # course hint mini.sadd


@command("SMEMBERS", arity=2, flags="readonly", keys=(1, 1, 1), group="set", since="1.0.0")
def smembers(client: Client, args: Args) -> Reply:
    """SMEMBERS key: all members."""
    raise NotImplementedError("mini.sadd")  # course hint mini.sadd


@command("SISMEMBER", arity=3, flags="readonly fast", keys=(1, 1, 1), group="set", since="1.0.0")
def sismember(client: Client, args: Args) -> Reply:
    """SISMEMBER key member: 1 or 0."""
    raise NotImplementedError("mini.sismember")  # course hint mini.sismember


@command("SMISMEMBER", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="set", since="6.2.0")
def smismember(client: Client, args: Args) -> Reply:
    """SMISMEMBER key member [member …]: a 1 or 0 for each."""
    raise NotImplementedError("mini.sismember")  # course hint mini.sismember


@command("SREM", arity=-3, flags="write fast", keys=(1, 1, 1), group="set", since="1.0.0")
def srem(client: Client, args: Args) -> Reply:
    """SREM key member [member …]: remove members. How many of them were there."""
    raise NotImplementedError("mini.srem")  # course hint mini.srem


@command("SMOVE", arity=4, flags="write fast", keys=(1, 2, 1), group="set", since="1.0.0")
def smove(client: Client, args: Args) -> Reply:
    """SMOVE source destination member: 1 if it was in the source, 0 if not (then nothing happens)."""
    raise NotImplementedError("mini.smove")  # course hint mini.smove


@command("SPOP", arity=-2, flags="write fast", keys=(1, 1, 1), group="set", since="1.0.0")
def spop(client: Client, args: Args) -> Reply:
    """SPOP key [count]: remove and return a random member, or with a count so many different ones."""
    raise NotImplementedError("mini.spop")  # course hint mini.spop


@command("SRANDMEMBER", arity=-2, flags="readonly", keys=(1, 1, 1), group="set", since="1.0.0")
def srandmember(client: Client, args: Args) -> Reply:
    """SRANDMEMBER key [count]: a random member, or so many different ones; -n draws n times, any of them again."""
    raise NotImplementedError("mini.srandmember")  # course hint mini.srandmember


# What sets have in common


@command("SINTER", arity=-2, flags="readonly", keys=(1, -1, 1), group="set", since="1.0.0")
def sinter(client: Client, args: Args) -> Reply:
    """SINTER key [key …]: the members that all of the sets have."""
    raise NotImplementedError("mini.sinter")  # course hint mini.sinter


@command("SINTERCARD", arity=-3, flags="readonly movablekeys", find_keys=counted_keys(1), group="set", since="7.0.0")
def sintercard(client: Client, args: Args) -> Reply:
    """SINTERCARD numkeys key [key …] [LIMIT limit]: how many members all of the sets have; counts up to the limit."""
    raise NotImplementedError("mini.sinter")  # course hint mini.sinter


@command("SUNION", arity=-2, flags="readonly", keys=(1, -1, 1), group="set", since="1.0.0")
def sunion(client: Client, args: Args) -> Reply:
    """SUNION key [key …]: the members that any of the sets has."""
    raise NotImplementedError("mini.sunion")  # course hint mini.sunion


@command("SDIFF", arity=-2, flags="readonly", keys=(1, -1, 1), group="set", since="1.0.0")
def sdiff(client: Client, args: Args) -> Reply:
    """SDIFF key [key …]: the members of the first set that none of the others has."""
    raise NotImplementedError("mini.sunion")  # course hint mini.sunion


@command("SINTERSTORE", arity=-3, flags="write denyoom", keys=(1, -1, 1), group="set", since="1.0.0")
def sinterstore(client: Client, args: Args) -> Reply:
    """SINTERSTORE destination key [key …]: store what SINTER returns. How many members that are."""
    raise NotImplementedError("mini.sinterstore")  # course hint mini.sinterstore


@command("SUNIONSTORE", arity=-3, flags="write denyoom", keys=(1, -1, 1), group="set", since="1.0.0")
def sunionstore(client: Client, args: Args) -> Reply:
    """SUNIONSTORE destination key [key …]: store what SUNION returns. How many members that are."""
    raise NotImplementedError("mini.sinterstore")  # course hint mini.sinterstore


@command("SDIFFSTORE", arity=-3, flags="write denyoom", keys=(1, -1, 1), group="set", since="1.0.0")
def sdiffstore(client: Client, args: Args) -> Reply:
    """SDIFFSTORE destination key [key …]: store what SDIFF returns. How many members that are."""
    raise NotImplementedError("mini.sinterstore")  # course hint mini.sinterstore


def _sets(client: Client, keys: list[bytes]) -> list[Set]:
    """The sets under these keys, an empty one where there is none; an error where one holds another type."""
    raise NotImplementedError("mini.sinter")  # course hint mini.sinter


def _common(sets: list[Set]) -> Set:
    """What all have: the members of the smallest that are in the others, so it costs no more than it must."""
    raise NotImplementedError("mini.sinter")  # course hint mini.sinter


def _all(sets: list[Set]) -> Set:
    """What any of them has."""
    raise NotImplementedError("mini.sunion")  # course hint mini.sunion


def _rest(sets: list[Set]) -> Set:
    """What the first has and none of the others.

    Two ways, and Redis takes the cheaper one: ask all others for each member of the first, or copy the first and
    remove each member of the others.
    """
    raise NotImplementedError("mini.sunion")  # course hint mini.sunion


def _members(sets: list[Set]) -> Iterable[bytes]:
    return (member for each in sets for member in each)


def _store(client: Client, key: bytes, members: Set, event: str) -> int:
    """Put a set in the place of whatever `key` holds; an empty one removes the key. How many members it has."""
    raise NotImplementedError("mini.sinterstore")  # course hint mini.sinterstore


@command("SSCAN", arity=-3, flags="readonly", keys=(1, 1, 1), group="set", since="2.8.0")
def sscan(client: Client, args: Args) -> Reply:
    """SSCAN key cursor [MATCH pattern] [COUNT count]: the next cursor, 0 at the end, and a page of members."""
    raise NotImplementedError("mini.sscan")  # course hint mini.sscan
