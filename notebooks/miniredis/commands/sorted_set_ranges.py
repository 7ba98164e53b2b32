"""Ranges of sorted sets: by rank, by score, by the bytes of the members. To show, to count, to store, to remove.

Whatever the range is said by, it becomes a `Span`, and a span becomes two ranks. From there on all commands are alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from miniredis.commands.arguments import integer, syntax_error
from miniredis.commands.score_arguments import lex_span, score_span
from miniredis.commands.sorted_sets import paired
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import Args, CommandError, Reply
from miniredis.values import SortedSet
from miniredis.values.sorted_sets import RankSpan, Scored, Span

_OPTIONS = (b"LIMIT", b"REV", b"BYSCORE", b"BYLEX")


@dataclass(slots=True)
class Range:
    """What a command of ranges asks for.

    Attributes:
        by: "rank", "score" or "lex".
        reverse: from the highest to the lowest; the range is then said that way, too.
        offset, count: with LIMIT, how many to leave out and to show at most; a negative count is no limit.
        with_scores: show the scores.
        may_choose, may_turn: BYSCORE or BYLEX, and REV, may still be said.
    """

    by: str = "rank"
    reverse: bool = False
    offset: int = 0
    count: int = -1
    with_scores: bool = False
    may_choose: bool = False
    may_turn: bool = False

    def read_option(self, args: Args, at: int) -> int:
        """Read LIMIT, REV, BYSCORE or BYLEX at `at`; the place behind it."""
        word = args[at].upper()
        if word not in _OPTIONS:
            raise syntax_error()
        raise NotImplementedError("mini.zrangebyscore")  # course hint mini.zrangebyscore

    def span(self, first: bytes, last: bytes) -> Span:
        """Read the two ends."""
        raise NotImplementedError("mini.zrange")  # course hint mini.zrange

    def select(self, value: SortedSet, span: Span) -> list[Scored]:
        """Return the pairs in the order that is asked for. O(log n + those returned)."""
        start, stop = span.ranks(value)
        if self.offset or self.count >= 0:
            start, stop = self._limited(start, stop)
        raise NotImplementedError("mini.zrange")  # course hint mini.zrange

    def _limited(self, start: int, stop: int) -> tuple[int, int]:
        """The part of two ranks that LIMIT leaves."""
        raise NotImplementedError("mini.zrangebyscore")  # course hint mini.zrangebyscore


def _read_options(args: Args, at: int, wanted: Range, storing: bool = False) -> Range:
    """Read the words from `at` on into `wanted`, and check that they go together."""
    # mini.zrange: yours to build (course hint mini.zrange)
    if wanted.by == "rank" and (wanted.offset, wanted.count) != (0, -1):
        raise CommandError("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
    if wanted.by == "lex" and wanted.with_scores:
        raise CommandError("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
    return wanted


# Showing


def _show(client: Client, args: Args, wanted: Range) -> Reply:
    """The reply of the range commands: members, with their scores if that was asked for."""
    raise NotImplementedError("mini.zrange")  # course hint mini.zrange


@command("ZRANGE", arity=-4, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zrange(client: Client, args: Args) -> Reply:
    """ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]: members in order.

    Start and stop are ranks, both included; with BYSCORE scores, with BYLEX members. With REV the higher end comes
    first.
    """
    return _show(client, args, _read_options(args, 4, Range(may_choose=True, may_turn=True)))


@command("ZREVRANGE", arity=-4, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zrevrange(client: Client, args: Args) -> Reply:
    """ZREVRANGE key start stop [WITHSCORES]: members by rank from the highest score on. Now ZRANGE … REV."""
    return _show(client, args, _read_options(args, 4, Range(reverse=True)))


@command("ZRANGEBYSCORE", arity=-4, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="1.0.5")
def zrangebyscore(client: Client, args: Args) -> Reply:
    """ZRANGEBYSCORE key min max [WITHSCORES] [LIMIT offset count]: members by score. Now ZRANGE … BYSCORE."""
    return _show(client, args, _read_options(args, 4, Range(by="score")))


@command("ZREVRANGEBYSCORE", arity=-4, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="2.2.0")
def zrevrangebyscore(client: Client, args: Args) -> Reply:
    """ZREVRANGEBYSCORE key max min [WITHSCORES] [LIMIT offset count]: from the highest. Now ZRANGE … BYSCORE REV."""
    return _show(client, args, _read_options(args, 4, Range(by="score", reverse=True)))


@command("ZRANGEBYLEX", arity=-4, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="2.8.9")
def zrangebylex(client: Client, args: Args) -> Reply:
    """ZRANGEBYLEX key min max [LIMIT offset count]: members by their bytes. Now ZRANGE … BYLEX."""
    return _show(client, args, _read_options(args, 4, Range(by="lex")))


@command("ZREVRANGEBYLEX", arity=-4, flags="readonly", keys=(1, 1, 1), group="sorted-set", since="2.8.9")
def zrevrangebylex(client: Client, args: Args) -> Reply:
    """ZREVRANGEBYLEX key max min [LIMIT offset count]: members by their bytes, backwards. Now ZRANGE … BYLEX REV."""
    return _show(client, args, _read_options(args, 4, Range(by="lex", reverse=True)))


# Storing


@command("ZRANGESTORE", arity=-5, flags="write denyoom", keys=(1, 2, 1), group="sorted-set", since="6.2.0")
def zrangestore(client: Client, args: Args) -> Reply:
    """ZRANGESTORE destination source start stop [options of ZRANGE]: keep a range under another key. How many."""
    wanted = _read_options(args, 5, Range(may_choose=True, may_turn=True), storing=True)
    raise NotImplementedError("mini.zrangestore")  # course hint mini.zrangestore


def store(client: Client, key: bytes, value: SortedSet, event: str) -> int:
    """Put a result under a key, whatever was there; an empty one removes the key. How many members it has."""
    raise NotImplementedError("mini.zrangestore")  # course hint mini.zrangestore


# Counting


def _count(client: Client, key: bytes, span: Span) -> int:
    """How many members are in a range: two searches, no walk."""
    raise NotImplementedError("mini.zcount")  # course hint mini.zcount


@command("ZCOUNT", arity=4, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="2.0.0")
def zcount(client: Client, args: Args) -> Reply:
    """ZCOUNT key min max: how many members have a score in a range. O(log n)."""
    return _count(client, args[1], score_span(args[2], args[3]))


@command("ZLEXCOUNT", arity=4, flags="readonly fast", keys=(1, 1, 1), group="sorted-set", since="2.8.9")
def zlexcount(client: Client, args: Args) -> Reply:
    """ZLEXCOUNT key min max: how many members are in a range of bytes. O(log n)."""
    return _count(client, args[1], lex_span(args[2], args[3]))


# Removing


def _remove(client: Client, key: bytes, span: Span, event: str) -> int:
    """Take a range out; how many."""
    raise NotImplementedError("mini.zremrange")  # course hint mini.zremrange


@command("ZREMRANGEBYRANK", arity=4, flags="write", keys=(1, 1, 1), group="sorted-set", since="2.0.0")
def zremrangebyrank(client: Client, args: Args) -> Reply:
    """ZREMRANGEBYRANK key start stop: take out members by rank. How many; O(log n + those)."""
    return _remove(client, args[1], RankSpan(integer(args[2]), integer(args[3])), "zremrangebyrank")


@command("ZREMRANGEBYSCORE", arity=4, flags="write", keys=(1, 1, 1), group="sorted-set", since="1.2.0")
def zremrangebyscore(client: Client, args: Args) -> Reply:
    """ZREMRANGEBYSCORE key min max: take out members by score. How many; O(log n + those)."""
    return _remove(client, args[1], score_span(args[2], args[3]), "zremrangebyscore")


@command("ZREMRANGEBYLEX", arity=4, flags="write", keys=(1, 1, 1), group="sorted-set", since="2.8.9")
def zremrangebylex(client: Client, args: Args) -> Reply:
    """ZREMRANGEBYLEX key min max: take out members by their bytes. How many; O(log n + those)."""
    return _remove(client, args[1], lex_span(args[2], args[3]), "zremrangebylex")
