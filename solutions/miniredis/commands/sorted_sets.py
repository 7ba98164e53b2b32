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
    ### BEGIN SOLUTION mini.zadd
    if len(args) == at or (len(args) - at) % 2:
        raise syntax_error()
    # All scores are read before anything is changed: a wrong one at the end must not leave half of the work done.
    pairs = [(args[place + 1], score(args[place])) for place in range(at, len(args), 2)]
    db, key = client.db, args[1]
    value = db.edit(key, SortedSet)
    if value is None:
        if b"XX" in options:
            return 0
        value = _new(pairs)
        db.set(key, value)
    added = changed = 0
    for member, new in pairs:
        old = value.score(member)
        if old == new or not _allowed(options, old, new):
            continue
        value.put(member, new)
        if old is None:
            added += 1
        else:
            changed += 1
    if added or changed:
        db.modified(key, "z", "zadd", added + changed)
    return added + changed if b"CH" in options else added
    ### END SOLUTION


def _new(pairs: Sequence[tuple[bytes, float]]) -> SortedSet:
    """An empty set with the encoding that Redis chooses for one that will hold these."""
    return SortedSet(encoding="listpack" if may_be_packed([member for member, _ in pairs]) else "skiplist")


def _zadd_options(args: Args) -> tuple[set[bytes], int]:
    """The options of a ZADD, and where its first score stands."""
    if args[2].upper() not in _ZADD_OPTIONS:
        return set(), 2
    ### BEGIN SOLUTION mini.zadd-options
    options: set[bytes] = set()
    at = 2
    while at < len(args) and args[at].upper() in _ZADD_OPTIONS:
        options.add(args[at].upper())
        at += 1
    count = len(args) - at
    if count == 0 or count % 2:
        raise syntax_error()
    if {b"NX", b"XX"} <= options:
        raise CommandError("ERR XX and NX options at the same time are not compatible")
    if len(options & {b"GT", b"LT", b"NX"}) > 1:
        raise CommandError("ERR GT, LT, and/or NX options at the same time are not compatible")
    if b"INCR" in options and count > 2:
        raise CommandError("ERR INCR option supports a single increment-element pair")
    return options, at
    ### END SOLUTION


def _allowed(options: set[bytes], old: float | None, new: float) -> bool:
    """Whether the options let a member with the score `old` (None: there is none yet) have the score `new`."""
    if not options:
        return True
    ### BEGIN SOLUTION mini.zadd-options
    if old is None:
        return b"XX" not in options
    if b"NX" in options or (b"GT" in options and new <= old):
        return False
    return not (b"LT" in options and new >= old)
    ### END SOLUTION


@command("ZINCRBY", arity=4, flags="write denyoom fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zincrby(client: Client, args: Args) -> Reply:
    """ZINCRBY key increment member: add to the score of a member, which is 0 for a new one; the sum."""
    return _increment(client, args[1], args[2], args[3], set())


def _increment(client: Client, key: bytes, by: bytes, member: bytes, options: set[bytes]) -> Reply:
    """Add to a score and return the sum; nil where an option of ZADD forbids it."""
    ### BEGIN SOLUTION mini.zincrby
    amount = score(by)
    db = client.db
    value = db.edit(key, SortedSet)
    old = None if value is None else value.score(member)
    if old is not None and b"NX" in options:
        return None
    new = amount if old is None else old + amount
    if math.isnan(new):
        raise CommandError(NOT_A_NUMBER)  # inf - inf
    if not _allowed(options, old, new):
        return None
    if value is None:
        value = _new([(member, new)])
        db.set(key, value)
    if old != new:
        value.put(member, new)
        db.modified(key, "z", "zincr")
    return new
    ### END SOLUTION


# Looking up


@command("ZCARD", arity=2, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zcard(client: Client, args: Args) -> Reply:
    """ZCARD key: how many members there are."""
    ### BEGIN SOLUTION mini.zadd
    value = client.db.read(args[1], SortedSet)
    return 0 if value is None else len(value)
    ### END SOLUTION


@command("ZSCORE", arity=3, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zscore(client: Client, args: Args) -> Reply:
    """ZSCORE key member: its score, or nil. O(1)."""
    ### BEGIN SOLUTION mini.zadd
    value = client.db.read(args[1], SortedSet)
    return None if value is None else value.score(args[2])
    ### END SOLUTION


@command("ZMSCORE", arity=-3, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="6.2.0")
def zmscore(client: Client, args: Args) -> Reply:
    """ZMSCORE key member [member …]: the score of each, or nil."""
    ### BEGIN SOLUTION mini.zincrby
    value = client.db.read(args[1], SortedSet)
    return [None if value is None else value.score(member) for member in args[2:]]
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.zrank
    if len(args) > 4:
        raise wrong_arity(args[0].decode().lower())
    with_score = len(args) == 4
    if with_score and args[3].upper() != b"WITHSCORE":
        raise syntax_error()
    value = client.db.read(args[1], SortedSet)
    rank = None if value is None else value.rank(args[2])
    if value is None or rank is None:
        return NULL_ARRAY if with_score else None
    if reverse:
        rank = len(value) - 1 - rank
    return [rank, value.score(args[2])] if with_score else rank
    ### END SOLUTION


@command("ZRANDMEMBER", arity=-2, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="6.2.0")
def zrandmember(client: Client, args: Args) -> Reply:
    """ZRANDMEMBER key [count [WITHSCORES]]: any members, each as likely.

    Without a count one or nil. With a positive one as many different ones; with a negative one that many, and the same
    may come again.
    """
    ### BEGIN SOLUTION mini.zrandmember
    if len(args) == 2:
        value = client.db.read(args[1], SortedSet)
        return None if value is None else value.at(random.randrange(len(value)))[1]
    count = integer(args[2])
    if count == INT64_MIN:
        raise CommandError(f"ERR value is out of range, value must between {-INT64_MAX} and {INT64_MAX}")
    if len(args) > 4 or (len(args) == 4 and args[3].upper() != b"WITHSCORES"):
        raise syntax_error()
    with_scores = len(args) == 4
    if with_scores and not -INT64_MAX // 2 <= count <= INT64_MAX // 2:
        raise CommandError("ERR value is out of range")
    value = client.db.read(args[1], SortedSet)
    if value is None:
        return []
    size = len(value)
    if count >= 0:
        pairs = [value.at(rank) for rank in random.sample(range(size), min(count, size))]
    else:
        pairs = [value.at(random.randrange(size)) for _ in range(-count)]
    return paired(client, pairs) if with_scores else [member for _, member in pairs]
    ### END SOLUTION


# Removing


@command("ZREM", arity=-3, flags="write fast", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zrem(client: Client, args: Args) -> Reply:
    """ZREM key member [member …]: take members out. How many there were; each O(log n)."""
    ### BEGIN SOLUTION mini.zrem
    db, key = client.db, args[1]
    value = db.edit(key, SortedSet)
    if value is None:
        return 0
    removed = sum(value.remove(member) for member in args[2:])
    if removed:
        db.modified(key, "z", "zrem", removed)
        db.delete_if_empty(key, value)
    return removed
    ### END SOLUTION


def _pop(client: Client, key: bytes, value: SortedSet, count: int, highest: bool) -> list[Scored]:
    """Take `count` pairs from one end, the outermost first."""
    ### BEGIN SOLUTION mini.zpop
    size = len(value)
    start = max(size - count, 0) if highest else 0
    popped = value.remove_between(start, size if highest else count)
    if highest:
        popped.reverse()
    client.db.modified(key, "z", "zpopmax" if highest else "zpopmin", len(popped))
    client.db.delete_if_empty(key, value)
    return popped
    ### END SOLUTION


@command("ZPOPMIN", arity=-2, flags="write fast", keys=(1, 1, 1), group="sorted-set", since="5.0.0")
def zpopmin(client: Client, args: Args) -> Reply:
    """ZPOPMIN key [count]: take out the members with the lowest scores; they and their scores."""
    return _pop_from_one(client, args, highest=False)


@command("ZPOPMAX", arity=-2, flags="write fast", keys=(1, 1, 1), group="sorted-set", since="5.0.0")
def zpopmax(client: Client, args: Args) -> Reply:
    """ZPOPMAX key [count]: take out the members with the highest scores; they and their scores."""
    return _pop_from_one(client, args, highest=True)


def _pop_from_one(client: Client, args: Args, highest: bool) -> Reply:
    ### BEGIN SOLUTION mini.zpop
    if len(args) > 3:
        raise syntax_error()
    count = 1 if len(args) == 2 else integer_from(0, args[2], OUT_OF_RANGE)
    value = client.db.edit(args[1], SortedSet)
    if value is None or count == 0:
        return []
    popped = _pop(client, args[1], value, count, highest)
    if len(args) == 2:
        return [part for score, member in popped for part in (member, score)]
    return paired(client, popped)
    ### END SOLUTION


@command("ZMPOP", arity=-4, flags="write", find_keys=counted_keys(1), group="sorted-set", since="7.0.0")
def zmpop(client: Client, args: Args) -> Reply:
    """ZMPOP numkeys key [key …] MIN | MAX [COUNT count]: pop from the first key that is there; its name and the pairs.

    A null array where none of them is there.
    """
    ### BEGIN SOLUTION mini.zpop
    keys, highest, count = _mpop_arguments(args, 1)
    reply = _pop_several(client, keys, highest, count)
    return NULL_ARRAY if reply is None else reply
    ### END SOLUTION


def _mpop_arguments(args: Args, at: int) -> tuple[list[bytes], bool, int]:
    """Read what ZMPOP and BZMPOP share: the keys, whether MAX, how many. `at` is the place of numkeys."""
    ### BEGIN SOLUTION mini.zpop
    numkeys = integer_from(1, args[at], "ERR numkeys should be greater than 0")
    end = at + 1 + numkeys
    if end >= len(args) or args[end].upper() not in (b"MIN", b"MAX"):
        raise syntax_error()
    count = 1
    rest = args[end + 1 :]
    if rest:
        if len(rest) < 2 or rest[0].upper() != b"COUNT":
            raise syntax_error()
        count = integer_from(1, rest[1], "ERR count should be greater than 0")
        if len(rest) > 2:
            raise syntax_error()
    return args[at + 1 : end], args[end].upper() == b"MAX", count
    ### END SOLUTION


def _pop_several(
    client: Client, keys: list[bytes], highest: bool, count: int
) -> tuple[bytes, list[list[bytes | float]]] | None:
    """Pop from the first of several keys that is there: its name and the pairs; None where none is."""
    ### BEGIN SOLUTION mini.zpop
    for key in keys:
        value = client.db.edit(key, SortedSet)
        if value is not None:
            name = b"ZPOPMAX" if highest else b"ZPOPMIN"
            client.server.rewrite([name, key, b"%d" % min(count, len(value))])
            popped = _pop(client, key, value, count, highest)
            return key, [[member, score] for score, member in popped]
    return None
    ### END SOLUTION


# Waiting


def _bpop(client: Client, args: Args, highest: bool) -> Reply:
    """Pop from the first key that is there, or wait for one: its name, the member, the score."""
    ### BEGIN SOLUTION mini.bzpop
    end = deadline(args[-1], client.server.now)
    keys = args[1:-1]
    popped = _pop_several(client, keys, highest, 1)
    if popped is None:
        return client.block(keys, end, NULL_ARRAY)
    key, pairs = popped
    return [key, *pairs[0]]
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.bzpop
    keys, highest, count = _mpop_arguments(args, 2)
    end = deadline(args[1], client.server.now)
    popped = _pop_several(client, keys, highest, count)
    return client.block(keys, end, NULL_ARRAY) if popped is None else popped
    ### END SOLUTION


# Walking


@command("ZSCAN", arity=-3, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="2.8.0")
def zscan(client: Client, args: Args) -> Reply:
    """ZSCAN key cursor [MATCH pattern] [COUNT count]: the next cursor, 0 at the end, and some members with scores.

    A small set comes all at once, in order.
    """
    ### BEGIN SOLUTION mini.zscan
    read_cursor(args[2])
    value = client.db.read(args[1], SortedSet)
    if value is None:
        return [b"0", []]
    page = read_page(args, 2, "zscan")
    cursor, members = value.scan(page.cursor, page.count)
    found = [member for member in members if page.wanted is None or page.wanted(member) is not None]
    # Scores are text here in RESP3, too.
    return [b"%d" % cursor, [part for member in found for part in (member, _score_text(value, member))]]
    ### END SOLUTION


def _score_text(value: SortedSet, member: bytes) -> bytes:
    """The score as ZSCAN shows it: for a large set with 17 digits, whether they are needed or not."""
    score = value.score(member)
    assert score is not None
    return format_double(score) if value.encoding == "listpack" else b"%.17g" % score
