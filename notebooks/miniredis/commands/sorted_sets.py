"""Sorted sets: members in the order of their scores. Adding, looking up, removing and popping.

The ranges are in `sorted_set_ranges`, what puts several sets together in `sorted_set_algebra`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence

from miniredis.commands.arguments import counted_keys, deadline, integer, integer_from, syntax_error
from miniredis.commands.scan import read_cursor, read_page
from miniredis.commands.score_arguments import score
from miniredis.commands.table import command, wrong_arity
from miniredis.connection import Client
from miniredis.numbers import INT64_MAX, INT64_MIN, format_double
from miniredis.resp import NULL_ARRAY, Args, CommandError, Reply
from miniredis.values import SortedSet
from miniredis.values.sorted_sets import Scored, may_be_packed

_ZADD_OPTIONS = frozenset((b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"))
OUT_OF_RANGE = "ERR value is out of range, must be positive"
NOT_A_NUMBER = "ERR resulting score is not a number (NaN)"


def paired(client: Client, pairs: Iterable[Scored]) -> Reply:
    """The reply WITHSCORES asks for: member and score in turn, in RESP3 each pair an array of its own."""
    if client.protocol == 3:
        return [[member, score] for score, member in pairs]
    return [part for score, member in pairs for part in (member, score)]


# Adding


@command("ZADD", arity=-4, flags="write denyoom fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zadd(client: Client, args: Args) -> Reply:
    """ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member …]: add members, or give them new scores.

    How many are new; with CH how many are new or changed. Each O(log n).
    """
    options, at = _zadd_options(args)
    if b"INCR" in options:
        return _increment(client, args[1], args[at], args[at + 1], options)
    raise NotImplementedError("mini.zadd")  # course hint mini.zadd


def _new(pairs: Sequence[tuple[bytes, float]]) -> SortedSet:
    """An empty set with the encoding that Redis chooses for one that will hold these."""
    return SortedSet(encoding="listpack" if may_be_packed([member for member, _ in pairs]) else "skiplist")


def _zadd_options(args: Args) -> tuple[set[bytes], int]:
    """The options of a ZADD, and where its first score stands."""
    if args[2].upper() not in _ZADD_OPTIONS:
        return set(), 2
    raise NotImplementedError("mini.zadd-options")  # course hint mini.zadd-options


def _allowed(options: set[bytes], old: float | None, new: float) -> bool:
    """Whether the options let a member with the score `old` (None: there is none yet) have the score `new`."""
    if not options:
        return True
    raise NotImplementedError("mini.zadd-options")  # course hint mini.zadd-options


@command("ZINCRBY", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zincrby(client: Client, args: Args) -> Reply:
    """ZINCRBY key increment member: add to the score of a member, which is 0 for a new one; the sum."""
    return _increment(client, args[1], args[2], args[3], set())


def _increment(client: Client, key: bytes, by: bytes, member: bytes, options: set[bytes]) -> Reply:
    """Add to a score and return the sum; nil where an option of ZADD forbids it."""
    raise NotImplementedError("mini.zincrby")  # course hint mini.zincrby


# Looking up


@command("ZCARD", arity=2, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zcard(client: Client, args: Args) -> Reply:
    """ZCARD key: how many members there are."""
    raise NotImplementedError("mini.zadd")  # course hint mini.zadd


@command("ZSCORE", arity=3, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zscore(client: Client, args: Args) -> Reply:
    """ZSCORE key member: its score, or nil. O(1)."""
    raise NotImplementedError("mini.zadd")  # course hint mini.zadd


@command("ZMSCORE", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="6.2.0")
def zmscore(client: Client, args: Args) -> Reply:
    """ZMSCORE key member [member …]: the score of each, or nil."""
    raise NotImplementedError("mini.zincrby")  # course hint mini.zincrby


@command("ZRANK", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="2.0.0")
def zrank(client: Client, args: Args) -> Reply:
    """ZRANK key member [WITHSCORE]: its place, 0 for the lowest score; nil without it."""
    return _rank(client, args, reverse=False)


@command("ZREVRANK", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="2.0.0")
def zrevrank(client: Client, args: Args) -> Reply:
    """ZREVRANK key member [WITHSCORE]: its place, 0 for the highest score; nil without it."""
    return _rank(client, args, reverse=True)


def _rank(client: Client, args: Args, reverse: bool) -> Reply:
    """The place of a member from one end, in O(log n), and its score if that was asked for."""
    raise NotImplementedError("mini.zrank")  # course hint mini.zrank


@command("ZRANDMEMBER", arity=-2, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="6.2.0")
def zrandmember(client: Client, args: Args) -> Reply:
    """ZRANDMEMBER key [count [WITHSCORES]]: any members, each as likely.

    Without a count one or nil. With a positive one as many different ones; with a negative one that many, and the same
    may come again.
    """
    raise NotImplementedError("mini.zrandmember")  # course hint mini.zrandmember


# Removing


@command("ZREM", arity=-3, flags="write fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zrem(client: Client, args: Args) -> Reply:
    """ZREM key member [member …]: take members out. How many there were; each O(log n)."""
    raise NotImplementedError("mini.zrem")  # course hint mini.zrem


def _pop(client: Client, key: bytes, value: SortedSet, count: int, highest: bool) -> list[Scored]:
    """Take `count` pairs from one end, the outermost first."""
    raise NotImplementedError("mini.zpop")  # course hint mini.zpop


@command("ZPOPMIN", arity=-2, flags="write fast", keys=(1, 1, 1), group="sorted-set", since="5.0.0")
def zpopmin(client: Client, args: Args) -> Reply:
    """ZPOPMIN key [count]: take out the members with the lowest scores; they and their scores."""
    return _pop_from_one(client, args, highest=False)


@command("ZPOPMAX", arity=-2, flags="write fast", keys=(1, 1, 1), group="sorted-set", since="5.0.0")
def zpopmax(client: Client, args: Args) -> Reply:
    """ZPOPMAX key [count]: take out the members with the highest scores; they and their scores."""
    return _pop_from_one(client, args, highest=True)


def _pop_from_one(client: Client, args: Args, highest: bool) -> Reply:
    raise NotImplementedError("mini.zpop")  # course hint mini.zpop


@command("ZMPOP", arity=-4, flags="write", find_keys=counted_keys(1), group="sorted-set", since="7.0.0")
def zmpop(client: Client, args: Args) -> Reply:
    """ZMPOP numkeys key [key …] MIN | MAX [COUNT count]: pop from the first key that is there; its name and the pairs.

    A null array where none of them is there.
    """
    raise NotImplementedError("mini.zpop")  # course hint mini.zpop


def _mpop_arguments(args: Args, at: int) -> tuple[list[bytes], bool, int]:
    """Read what ZMPOP and BZMPOP share: the keys, whether MAX, how many. `at` is the place of numkeys."""
    raise NotImplementedError("mini.zpop")  # course hint mini.zpop


def _pop_several(
    client: Client, keys: list[bytes], highest: bool, count: int
) -> tuple[bytes, list[list[bytes | float]]] | None:
    """Pop from the first of several keys that is there: its name and the pairs; None where none is."""
    raise NotImplementedError("mini.zpop")  # course hint mini.zpop


# Waiting


def _bpop(client: Client, args: Args, highest: bool) -> Reply:
    """Pop from the first key that is there, or wait for one: its name, the member, the score."""
    raise NotImplementedError("mini.bzpop")  # course hint mini.bzpop


@command("BZPOPMIN", arity=-3, flags="write blocking fast", keys=(1, -2, 1), group="sorted-set", since="5.0.0")
def bzpopmin(client: Client, args: Args) -> Reply:
    """BZPOPMIN key [key …] timeout: the key, the member with the lowest score and its score; waits for one to come.

    The timeout is in seconds, 0 for ever; a null array when it is over.
    """
    return _bpop(client, args, highest=False)


@command("BZPOPMAX", arity=-3, flags="write blocking fast", keys=(1, -2, 1), group="sorted-set", since="5.0.0")
def bzpopmax(client: Client, args: Args) -> Reply:
    """BZPOPMAX key [key …] timeout: the key, the member with the highest score and its score; waits for one."""
    return _bpop(client, args, highest=True)


@command("BZMPOP", arity=-5, flags="write blocking", find_keys=counted_keys(2), group="sorted-set", since="7.0.0")
def bzmpop(client: Client, args: Args) -> Reply:
    """BZMPOP timeout numkeys key [key …] MIN | MAX [COUNT count]: ZMPOP that waits for something to pop."""
    raise NotImplementedError("mini.bzpop")  # course hint mini.bzpop


# Walking


@command("ZSCAN", arity=-3, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="2.8.0")
def zscan(client: Client, args: Args) -> Reply:
    """ZSCAN key cursor [MATCH pattern] [COUNT count]: the next cursor, 0 at the end, and some members with scores.

    A small set comes all at once, in order.
    """
    raise NotImplementedError("mini.zscan")  # course hint mini.zscan


def _score_text(value: SortedSet, member: bytes) -> bytes:
    """The score as ZSCAN shows it: for a large set with 17 digits, whether they are needed or not."""
    score = value.score(member)
    assert score is not None
    return format_double(score) if value.encoding == "listpack" else b"%.17g" % score
