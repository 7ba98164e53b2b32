"""Sorted sets: the order, the ranges, the options of ZADD, what several sets make together, and who waits for one."""

from __future__ import annotations

import contextlib
import socket
import time

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Key,
    Scripts,
    after,
    any_order,
    bound,
    cmd,
    count,
    counted,
    good_score,
    index,
    key,
    keys,
    lex_bound,
    many,
    maybe,
    member,
    on,
    one_of,
    score,
    scripts,
    small,
    text,
    then,
    word,
)
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken
from grader.resp import encode_command
from grader.servers import Server

# Members whose order shows how they are compared: as bytes, neither as they came nor as text of some language.
_member = st.one_of(
    word, word, member, st.sampled_from([b"B", b"aa", b"ab", b"\x7f", b"\x80", b"caf\xc3\xa9", b"a\x00", b"10", b"9"])
)
_pairs = many(good_score, _member)
_fill = cmd("ZADD", key, many(good_score, _member, min=2, max=5))
# One score for all, that of keys that are put in the way: where scores differ, ranges of members are unspecified.
_fill_level = cmd("ZADD", key, many(1, _member, min=2, max=6))
_other = keys("l", "m", "k")


@stage("mini.zadd")
def members_have_scores() -> Scripts:
    """ZADD with good and bad scores, again and again for the same members."""
    return scripts(
        cmd("ZADD", key, _pairs),
        cmd("ZADD", key, many(score, _member, max=3)),
        cmd("ZSCORE", key, _member),
        cmd("ZCARD", key),
        cmd("ZADD", key, score),
    )


@stage("mini.zrange")
def members_in_order() -> Scripts:
    """ZRANGE by rank from either end, with many members of equal scores."""
    return scripts(
        cmd("ZADD", key, _pairs),
        cmd("ZRANGE", key, 0, -1, maybe("WITHSCORES")),
        cmd("ZRANGE", key, index, index, maybe("WITHSCORES"), maybe("WITHSCORES")),
        setup=[_fill, _fill],
    )


@stage("mini.zrank")
def places() -> Scripts:
    """ZRANK and ZREVRANK of members that are there and of others."""
    return scripts(
        cmd("ZADD", key, _pairs),
        cmd("ZRANK", key, _member, maybe("WITHSCORE")),
        cmd("ZREVRANK", key, _member, maybe("WITHSCORE")),
        cmd("ZRANK", key, _member, one_of("WITHSCORES", text)),
        setup=[_fill, _fill],
    )


_FEW, _MANY, _ROUNDS = 500, 10_000, 100
# Twenty times the members; a server that sorts anew, or looks at all of them, needs fifteen times as long.
_MOST_TIMES = 6


@stage_probe("mini.zrank")
def many_members_cost_hardly_more(theirs: UnderTest, real: Server) -> None:
    """Adding and ranking one member of ten thousand takes about as long as one of five hundred."""
    with contextlib.closing(_connected(theirs)) as sock:
        few, many_ = (_seconds_of_a_round(sock, size) for size in (_FEW, _MANY))
    if many_ > _MOST_TIMES * few:
        raise Broken(
            f"ZADD and ZRANK take at most {_MOST_TIMES} times as long with {_MANY:,} members as with {_FEW:,}",
            f"they took {many_ / few:.0f} times as long ({few * 1e6:.0f} and {many_ * 1e6:.0f} microseconds): "
            "something looks at every member",
        )


def _connected(server: UnderTest) -> socket.socket:
    if server.socket_path is not None:
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(server.socket_path))
    else:
        sock = socket.create_connection(("127.0.0.1", server.port or 0))
    sock.settimeout(20.0)
    return sock


def _seconds_of_a_round(sock: socket.socket, size: int) -> float:
    """Fill a set with `size` members; the seconds that one more takes to be added and ranked, in the best of five."""
    name = b"as-many-as:%d" % size
    _told(sock, encode_command(b"DEL", name), 1)
    for first in range(0, size, 500):
        pairs = [part for n in range(first, first + 500) for part in (b"%d" % (n * 7919 % size), b"m%d" % n)]
        _told(sock, encode_command(b"ZADD", name, *pairs), 1)
    best = float("inf")
    for attempt in range(5):
        members = [b"n%d:%d" % (attempt, n) for n in range(_ROUNDS)]
        scores = [b"%d" % (n * 31337 % size) for n in range(_ROUNDS)]
        sent = b"".join(
            encode_command(b"ZADD", name, score, member) + encode_command(b"ZRANK", name, member)
            for score, member in zip(scores, members, strict=True)
        )
        started = time.perf_counter()
        _told(sock, sent, 2 * _ROUNDS)
        best = min(best, time.perf_counter() - started)
    _told(sock, encode_command(b"DEL", name), 1)
    return best / _ROUNDS


def _told(sock: socket.socket, sent: bytes, lines: int) -> None:
    """Send commands and wait for as many lines of replies."""
    sock.sendall(sent)
    while lines > 0:
        try:
            came = sock.recv(65536)
        except TimeoutError:
            raise Broken(f"the server answers within {sock.gettimeout():.0f} seconds", "it did not") from None
        if not came:
            raise Broken("the server answers", "it hung up")
        lines -= came.count(b"\n")


@stage("mini.zrem")
def members_go() -> Scripts:
    """ZREM of several, some of them twice, until the key is gone."""
    return scripts(
        cmd("ZADD", key, _pairs),
        cmd("ZREM", key, many(_member)),
        then(cmd("ZADD", Key(b"m"), 1, "a", 2, "b"), cmd("ZREM", Key(b"m"), many(word, min=2))),
        cmd("ZREM", key, "a b c d"),
        cmd("ZRANGE", key, 0, -1),
        cmd("ZCARD", key),
        setup=[_fill],
    )


@stage("mini.zincrby")
def scores_grow() -> Scripts:
    """ZINCRBY of old and new members, to infinity and back; ZMSCORE."""
    return scripts(
        cmd("ZADD", key, _pairs),
        cmd("ZINCRBY", key, good_score, _member),
        cmd("ZINCRBY", key, score, _member),
        cmd("ZMSCORE", key, many(_member)),
        setup=[_fill],
    )


@stage("mini.zadd-options", examples=120)
def conditions() -> Scripts:
    """ZADD with its options in any order, together with others and where they forbid each other."""
    option = one_of("NX", "XX", "GT", "LT", "CH", "INCR")
    return scripts(
        cmd("ZADD", key, one_of("NX", "XX", "GT", "LT"), maybe("CH"), _pairs),
        cmd("ZADD", key, one_of("XX GT", "LT XX", "GT CH", "CH LT XX", "CH"), _pairs),
        cmd("ZADD", key, any_order(maybe("INCR"), maybe("XX"), maybe("GT")), good_score, _member),
        cmd("ZADD", key, many(option, min=1, max=3), many(score, _member, max=2)),
        cmd("ZADD", key, maybe(option), one_of(text, score), score),
        cmd("ZSCORE", key, _member),
        setup=[_fill, _fill],
    )


@stage("mini.zcount")
def how_many_between() -> Scripts:
    """ZCOUNT between scores that are there, with ends left out, infinite, the wrong way round."""
    return scripts(
        cmd("ZADD", key, _pairs),
        cmd("ZCOUNT", key, bound, bound),
        cmd("ZCOUNT", key, one_of("-inf", "(1", "1"), one_of("+inf", "(3", "2")),
        cmd("ZCOUNT", key, score, bound),
        setup=[_fill, _fill],
    )


_limit = maybe("LIMIT", one_of(small, index), one_of(small, count))


@stage("mini.zrangebyscore", examples=120)
def ranges_of_scores() -> Scripts:
    """ZRANGE with every option but BYLEX, and the older commands that it has replaced."""
    return scripts(
        cmd("ZRANGE", key, bound, bound, "BYSCORE", any_order(maybe("REV"), _limit, maybe("WITHSCORES"))),
        cmd("ZRANGE", key, index, index, any_order(maybe("REV"), maybe("WITHSCORES"))),
        cmd("ZREVRANGE", key, index, index, maybe("WITHSCORES")),
        cmd("ZRANGEBYSCORE", key, bound, bound, any_order(_limit, maybe("WITHSCORES"))),
        cmd("ZREVRANGEBYSCORE", key, bound, bound, any_order(_limit, maybe("WITHSCORES"))),
        cmd("ZREVRANGEBYSCORE", key, "+inf", one_of("-inf", "(1", "2"), _limit),
        cmd("ZRANGE", key, "-inf", "+inf", "BYSCORE LIMIT", one_of("1", "2", "0"), one_of("1", "2", "3")),
        cmd(
            one_of("ZRANGE", "ZREVRANGE", "ZRANGEBYSCORE"),
            key,
            one_of(index, bound),
            one_of(index, bound),
            many(one_of("BYSCORE", "REV", "WITHSCORES", "LIMIT 0 -1", "LIMIT 0", "LIMIT x 1", text), max=3),
        ),
        setup=[_fill, _fill],
    )


@stage("mini.zlex", examples=120)
def ranges_of_members() -> Scripts:
    """BYLEX, from either end, and ZLEXCOUNT."""
    return scripts(
        cmd("ZRANGE", key, lex_bound, lex_bound, "BYLEX", any_order(maybe("REV"), _limit)),
        cmd("ZRANGEBYLEX", key, lex_bound, lex_bound, _limit),
        cmd("ZREVRANGEBYLEX", key, lex_bound, lex_bound, _limit),
        cmd("ZLEXCOUNT", key, lex_bound, lex_bound),
        cmd("ZLEXCOUNT", key, "-", "+"),
        cmd("ZRANGE", key, lex_bound, lex_bound, many(one_of("BYLEX", "BYSCORE", "WITHSCORES", "REV"), max=2)),
        setup=[_fill_level, _fill_level],
    )


@stage("mini.zremrange", examples=100)
def ranges_go() -> Scripts:
    """ZREMRANGEBYRANK, BYSCORE and BYLEX, until nothing is left."""
    return scripts(
        cmd("ZADD", key, many(1, _member)),
        cmd("ZREMRANGEBYRANK", key, index, index),
        cmd("ZREMRANGEBYSCORE", key, bound, bound),
        cmd("ZREMRANGEBYLEX", key, lex_bound, lex_bound),
        cmd("ZRANGE", key, 0, -1),
        setup=[_fill_level, _fill_level],
    )


_some = one_of(small, count)


@stage("mini.zpop", examples=100)
def the_ends_go() -> Scripts:
    """ZPOPMIN, ZPOPMAX and ZMPOP, with counts of every kind."""
    return scripts(
        cmd(one_of("ZPOPMIN", "ZPOPMAX"), key),
        cmd(one_of("ZPOPMIN", "ZPOPMAX"), key, _some),
        cmd("ZMPOP", counted(key), one_of("MIN", "MAX"), maybe("COUNT", _some)),
        cmd("ZMPOP", one_of(counted(key), (_some, key)), one_of("MIN", "MAX", text), maybe("COUNT", maybe(_some))),
        cmd("ZADD", key, _pairs),
        setup=[_fill, _fill, _fill],
    )


_soon = one_of("0.02", "0.01", "0.03")


@stage("mini.bzpop", examples=100)
def nothing_to_wait_for() -> Scripts:
    """The waiting pops where something is there, where nothing comes, and where the timeout is none."""
    timeout = one_of(_soon, "x", "-1", "", "nan", "1e400", "-0.01")
    return scripts(
        cmd(one_of("BZPOPMIN", "BZPOPMAX"), many(key, max=3), _soon),
        cmd(one_of("BZPOPMIN", "BZPOPMAX"), many(key, max=2), timeout),
        cmd("BZMPOP", timeout, counted(key), one_of("MIN", "MAX"), maybe("COUNT", _some)),
        cmd("ZADD", key, _pairs),
        setup=[_fill, _fill],
        size=5,
    )


@stage("mini.bzpop", examples=40)
def whoever_waits_is_served() -> Scripts:
    """Two clients wait for the same keys, and a third adds to them."""
    waits = cmd(one_of("BZPOPMIN", "BZPOPMAX"), many(key, max=2), 5)
    return scripts(
        then(
            on(1, one_of(waits, cmd("BZMPOP", 5, counted(key, honest=True), one_of("MIN", "MAX"), maybe("COUNT 2")))),
            after(0.01, on(2, waits)),
            after(0.01, on(0, cmd("ZADD", Key(b"k"), many(good_score, word, min=1, max=3)))),
            on(0, cmd("ZADD", Key(b"l"), many(good_score, word, min=2, max=3))),
            on(0, cmd("ZADD", Key(b"m"), many(good_score, word, min=2, max=3))),
        ),
        size=1,
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.zrangestore")
def ranges_are_kept() -> Scripts:
    """ZRANGESTORE by rank and by score, over keys that hold something else, and of nothing at all."""
    return scripts(
        cmd("ZRANGESTORE", _other, key, index, index, maybe("REV")),
        cmd("ZRANGESTORE", _other, key, bound, bound, "BYSCORE", any_order(maybe("REV"), _limit)),
        cmd("ZRANGESTORE", _other, key, index, index, maybe(one_of("WITHSCORES", "LIMIT 0 1", "BYLEX"))),
        cmd("ZADD", key, _pairs),
        setup=[_fill, _fill],
    )


_weights = maybe("WEIGHTS", many(one_of(good_score, small), min=1, max=3))
_aggregate = maybe("AGGREGATE", one_of("SUM", "MIN", "MAX"))
_plain_set = cmd("SADD", _other, many(_member))


@stage("mini.zunion", examples=120)
def unions() -> Scripts:
    """ZUNION and ZUNIONSTORE over sorted and plain sets, with weights that are too few, infinite, wrong."""
    two = (2, key, _other)
    return scripts(
        cmd("ZUNIONSTORE", key, two, maybe("WEIGHTS", good_score, good_score), _aggregate),
        cmd("ZUNION", two, any_order(maybe("WEIGHTS", good_score, good_score), _aggregate, maybe("WITHSCORES"))),
        cmd("ZUNIONSTORE", key, counted(_other), any_order(_weights, _aggregate)),
        cmd("ZUNION", counted(_other), any_order(_weights, _aggregate, maybe("WITHSCORES"))),
        cmd("ZUNION", one_of(two, (_some, key)), many(one_of("WEIGHTS 1", "AGGREGATE", "WITHSCORES", text), max=2)),
        setup=[_fill, _fill, _plain_set],
    )


@stage("mini.zinter", examples=120)
def intersections_and_differences() -> Scripts:
    """ZINTER, ZDIFF, ZINTERCARD and their STOREs."""
    two = (2, key, _other)
    return scripts(
        cmd("ZINTER", two, any_order(maybe("WEIGHTS", good_score, good_score), _aggregate, maybe("WITHSCORES"))),
        cmd("ZINTERSTORE", key, counted(_other), any_order(_weights, _aggregate)),
        cmd("ZDIFF", counted(_other), maybe("WITHSCORES")),
        cmd("ZDIFFSTORE", key, counted(_other)),
        cmd("ZINTERCARD", counted(_other), maybe("LIMIT", _some)),
        cmd("ZINTERCARD", two, many(one_of("LIMIT 1", "LIMIT", "WITHSCORES"), max=2)),
        cmd("ZDIFF", two, one_of("WEIGHTS 1 1", "AGGREGATE SUM", text)),
        setup=[_fill, _fill, _fill, _plain_set],
    )


@stage("mini.zrandmember")
def any_members() -> Scripts:
    """ZRANDMEMBER with and without a count; which members it shows is chance, how many is not."""
    return scripts(
        cmd("ZRANDMEMBER", key),
        cmd("ZRANDMEMBER", key, one_of(small, count), maybe("WITHSCORES")),
        cmd("ZRANDMEMBER", key, one_of("100", "-20")),
        cmd("ZRANDMEMBER", key, small, one_of("WITHSCORES", text)),
        setup=[_fill, _fill],
    )


@stage("mini.zscan")
def walks() -> Scripts:
    """ZSCAN over small sets, with MATCH and COUNT, and with what is neither."""
    return scripts(
        cmd("ZSCAN", key, one_of("0", "0", "x", "-1", "")),
        cmd("ZSCAN", key, 0, any_order(maybe("MATCH", one_of("a*", "*", "[ab]", "?")), maybe("COUNT", _some))),
        cmd("ZSCAN", key, 0, one_of("MATCH", "COUNT", "NOVALUES", "TYPE zset", text)),
        setup=[_fill, _fill],
    )
