"""Two real Redis never disagree, whatever the generators make of every word of their vocabulary; and 7.0 and 8.2
part where the versions differ."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from available import binary_of

from grader.checks.agreement.agree import Agreement, Disagreement, compare_servers
from grader.checks.agreement.script import (
    Scripts,
    after,
    any_order,
    anywhere,
    at_seconds,
    bit,
    bound,
    channel,
    cmd,
    count,
    counted,
    double,
    entry_bound,
    entry_id,
    fieldname,
    index,
    inline,
    integer,
    key,
    key_pattern,
    lex_bound,
    long_text,
    many,
    maybe,
    member,
    milliseconds,
    offset,
    often,
    on,
    one_of,
    pattern,
    raw,
    score,
    scripts,
    seconds,
    some,
    text,
    then,
    walk,
)
from grader.servers import LocalServer, standalone

FAMILIES: dict[str, Scripts] = {
    "strings": scripts(
        cmd("SET", key, text, any_order(maybe("EX", seconds), maybe(one_of("NX", "XX")), maybe("GET"))),
        often(2, cmd("GET", key)),
        cmd("APPEND", key, one_of(text, long_text)),
        cmd("INCRBY", key, integer),
        cmd("INCRBYFLOAT", key, double),
        cmd("GETRANGE", key, index, index),
        cmd("LCS", key, key, maybe("IDX")),
        cmd("SETBIT", key, offset, bit),
        inline(cmd("STRLEN", key)),
    ),
    "keys": scripts(
        cmd("SET", key, text),
        cmd("KEYS", key_pattern),
        cmd("RANDOMKEY"),
        cmd("EXPIRE", key, seconds),
        cmd("PEXPIRE", key, milliseconds),
        cmd("EXPIREAT", key, at_seconds),
        cmd("TTL", key),
        cmd("PEXPIRETIME", key),
        cmd("DBSIZE"),
        walk(cmd("SCAN", "0", maybe("COUNT", count))),
        cmd("RENAME", key, key),
    ),
    "expiry": scripts(then(cmd("SET", key, text, "PX", "5"), after(0.03, cmd("GET", key))), cmd("EXISTS", key), size=2),
    "lists": scripts(
        cmd("RPUSH", key, many(text)),
        cmd("LPOP", key, maybe(count)),
        cmd("LMPOP", counted(key), one_of("LEFT", "RIGHT")),
    ),
    "blocking": scripts(
        cmd("RPUSH", key, many(text)),
        on(1, cmd("BLPOP", many(key), one_of("0", "0.02"))),
        on(2, cmd("BLMOVE", key, key, "LEFT", "RIGHT", "0")),
        cmd("DEL", key),
        wrong_arity=False,
        size=6,
    ),
    "sets": scripts(
        cmd("SADD", key, many(member)),
        cmd("SPOP", key, maybe(count)),
        cmd("SRANDMEMBER", key, maybe(index)),
        cmd("SMEMBERS", key),
        cmd("SINTER", many(key)),
        walk(cmd("SSCAN", key, "0", maybe("MATCH", pattern))),
    ),
    "hashes": scripts(
        cmd("HSET", key, many(fieldname, text)),
        cmd("HGETALL", key),
        cmd("HVALS", key),
        cmd("HRANDFIELD", key, maybe(count, maybe("WITHVALUES"))),
        walk(cmd("HSCAN", key, "0", maybe("NOVALUES"))),
    ),
    "sorted-sets": scripts(
        cmd("ZADD", key, any_order(maybe(one_of("NX", "XX", "GT", "LT")), maybe("CH")), many(score, member)),
        cmd("ZRANGE", key, bound, bound, "BYSCORE", maybe("LIMIT", index, count), maybe("WITHSCORES")),
        cmd("ZRANGE", key, lex_bound, lex_bound, "BYLEX"),
        cmd("ZRANDMEMBER", key, maybe(count, maybe("WITHSCORES"))),
    ),
    "streams": scripts(
        cmd("XADD", key, one_of("*", entry_id), many(fieldname, text)),
        cmd("XRANGE", key, entry_bound, entry_bound),
        cmd("XREAD", "STREAMS", key, entry_id),
        cmd("XINFO STREAM", key),
    ),
    "transactions": scripts(
        then(cmd("MULTI"), some(cmd("SET", key, text), cmd("GET", key), cmd("SMEMBERS", key)), cmd("EXEC")),
        anywhere(2, cmd("WATCH", key)),
        anywhere(2, cmd("SET", key, text)),
        cmd("DISCARD"),
    ),
    "pubsub": scripts(
        on(1, cmd("SUBSCRIBE", many(channel))),
        on(1, cmd("PSUBSCRIBE", many(pattern))),
        on(1, cmd("UNSUBSCRIBE", maybe(channel))),
        on(1, cmd("PING")),
        cmd("PUBLISH", channel, text),
        size=6,
    ),
    "resp3": scripts(cmd("HELLO", "3"), cmd("HSET", key, many(fieldname, text)), cmd("HGETALL", key), cmd("GET", key)),
    "no-commands": scripts(raw(b"*1\r\n$x\r\n"), raw(b"\r\n"), cmd("PING"), cmd("QUIT"), wrong_arity=False, size=3),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, LocalServer]]:
    new, old = binary_of("8.2"), binary_of("7.0")
    with standalone(binary=new) as one, standalone(binary=new) as other, standalone(binary=old) as older:
        yield {"one": one, "other": other, "older": older}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_false_alarm(family: str, servers: dict[str, LocalServer]) -> None:
    result = compare_servers(
        servers["other"], servers["one"], FAMILIES[family], examples=60, seconds=30, encoding=True, seed=7
    )
    assert isinstance(result, Agreement), result.finding.text
    assert result.tally.by_chance == 0
    assert result.tally.replies > 50


def test_7_0_writes_a_score_with_more_digits_than_8_2(servers: dict[str, LocalServer]) -> None:
    result = compare_servers(servers["older"], servers["one"], FAMILIES["sorted-sets"], examples=200)
    assert isinstance(result, Disagreement)
    assert "in another way" in result.finding.sentence
    assert len(result.script) == 1
