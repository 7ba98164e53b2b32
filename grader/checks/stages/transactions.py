"""The stages of transactions: several commands as one, and only if nobody was faster."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from grader.checks.agreement.script import (
    Key,
    Scripts,
    Step,
    after,
    anywhere,
    cmd,
    keys,
    often,
    on,
    one_of,
    scripts,
    some,
    text,
    then,
)
from grader.checks.stages.registry import stage

_key = keys("k", "l")
_queued = st.one_of(
    often(3, cmd("SET", _key, one_of(text, "1", "5"))),
    often(2, cmd("INCR", _key)),
    cmd("GET", _key),
    cmd("DEL", _key),
    cmd("PING"),
)
_refused = st.one_of(cmd("NONSENSE"), cmd("GET"), cmd("CONFIG NONSENSE"), cmd("SET", _key), cmd("INCR", _key, "x y"))
_write = st.one_of(cmd("SET", _key, one_of("1", "2", text)), cmd("DEL", _key), cmd("INCR", _key))


@stage("mini.multi")
def queued_and_run() -> Scripts:
    """Transactions that succeed, with commands that fail in them, one in another, EXEC without any."""
    return scripts(
        then(cmd("MULTI"), some(_queued), cmd("EXEC")),
        then(cmd("MULTI"), some(_queued, max=2), cmd("MULTI"), some(_queued, max=2), cmd("EXEC")),
        cmd("EXEC"),
        _queued,
        setup=[cmd("SET", _key, one_of("1", "text"))],
        size=4,
        wrong_arity=False,
        pool=_key,
    )


@stage("mini.multi")
def nobody_in_between() -> Scripts:
    """Another client sees nothing of a transaction before its EXEC."""
    return scripts(
        then(cmd("MULTI"), some(_write, max=3), on(1, cmd("GET", _key)), cmd("EXEC"), on(1, cmd("GET", _key))),
        size=2,
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.discard")
def forgotten() -> Scripts:
    """Queues that are discarded, and what is there afterwards."""
    return scripts(
        then(cmd("MULTI"), some(_queued), cmd("DISCARD")),
        then(cmd("MULTI"), some(_queued), cmd("EXEC")),
        cmd("DISCARD"),
        cmd("GET", _key),
        size=4,
        wrong_arity=False,
        pool=_key,
    )


@stage("mini.multi-broken")
def with_a_hole() -> Scripts:
    """Commands that are refused while they are queued, an EXEC that is refused itself, and the next transaction."""
    return scripts(
        then(cmd("MULTI"), some(_queued, max=2), _refused, some(_queued, max=2), cmd(one_of("EXEC", "DISCARD"))),
        then(cmd("MULTI"), some(_queued, max=2), cmd("EXEC", one_of("x", "")), cmd("EXEC")),
        then(cmd("MULTI"), some(_queued), cmd("EXEC")),
        cmd("EXEC x"),
        _refused,
        cmd("GET", _key),
        size=4,
        wrong_arity=False,
        pool=_key,
    )


@stage("mini.watch", examples=100)
def only_if_untouched() -> Scripts:
    """Watched keys that are changed, touched or left alone, by this client or another, then a transaction."""
    transaction = then(cmd("MULTI"), some(_queued, max=2), cmd(one_of("EXEC", "EXEC", "EXEC", "DISCARD")))
    return scripts(
        then(some(cmd("WATCH", _key), min=1, max=2), anywhere(2, _write), transaction),
        then(cmd("WATCH", _key), some(anywhere(2, _queued), cmd("UNWATCH"), max=3), transaction),
        then(cmd("WATCH", _key), cmd("MULTI"), cmd("DISCARD"), anywhere(2, _write), transaction),
        cmd("UNWATCH"),
        then(cmd("MULTI"), cmd("WATCH", _key), cmd("UNWATCH"), cmd("EXEC")),
        transaction,
        setup=[cmd("SET", _key, "1")],
        size=3,
        wrong_arity=False,
        wrong_type=False,
    )


# A key as it was, and commands of the earlier weeks that change it, or find nothing to change, or fail.
_HELD: dict[str, tuple[str, ...]] = {
    "SET K abc": (
        "SET K abc", "SET K x NX", "SET K x XX", "SETNX K x", "SETNX N x", "APPEND K x", "APPEND N x", "SETRANGE K 1 b",
        "SETRANGE N 1 x", "GETSET K x", "GETDEL K", "GETDEL N", "MSETNX N 1 K 2", "MSET N 1 K 2", "INCR K", "STRLEN K",
    ),
    "SET K 5": (
        "INCR K", "DECRBY K 1", "INCRBY K 0", "INCRBY K x", "INCRBYFLOAT K 0", "INCRBYFLOAT K 0.5", "LPUSH K x",
    ),
    "SET K v EX 100": (
        "EXPIRE K 100", "EXPIRE K 200 NX", "EXPIRE K 50 GT", "EXPIRE K 200 GT", "EXPIRE K -1", "PERSIST K", "PERSIST N",
        "PEXPIREAT K 1", "GETEX K", "GETEX K PERSIST", "GETEX K EX 50", "SETEX K 100 v", "EXPIRE N 100", "TTL K",
    ),
    "SET K v": (
        "EXPIRE K 100", "EXPIRE K 100 XX", "PERSIST K", "GETEX K", "GETEX K PERSIST", "GETEX K EX 100", "DEL K",
        "DEL N", "RENAME K N", "RENAME K K", "RENAME N K", "RENAMENX K N", "RENAMENX K K", "COPY K N", "TOUCH K",
        "COPY K N REPLACE", "COPY N K", "UNLINK K", "TYPE K", "EXISTS K",
    ),
    "RPUSH K a b a c": (
        "LPUSH K x", "RPUSH K x", "LPUSH N x", "RPUSHX K x", "LPUSHX N x", "LPOP K", "RPOP K 2", "LPOP K 0", "RPOP K 9",
        "LPOP N", "LSET K 0 a", "LSET K 0 x", "LSET K 9 x", "LINSERT K BEFORE b x", "LINSERT K AFTER z x",
        "LINSERT N AFTER z x", "LREM K 0 a", "LREM K 1 z", "LREM N 1 a", "LTRIM K 0 -1", "LTRIM K 1 2", "LTRIM K 5 9",
        "LTRIM N 0 1", "LMOVE K K LEFT RIGHT", "LMOVE K N LEFT RIGHT", "LMOVE N K LEFT LEFT", "RPOPLPUSH K K",
        "LMPOP 2 N K LEFT", "LMPOP 1 N LEFT", "LRANGE K 0 -1", "LPOS K a", "SADD K x",
    ),
    "SADD K a b": (
        "SADD K a", "SADD K a x", "SADD N a", "SREM K a", "SREM K z", "SREM K a b", "SREM N a", "SMOVE K N a",
        "SMOVE K N z", "SMOVE K K a", "SMOVE N K a", "SPOP K", "SPOP K 0", "SPOP K 9", "SPOP N", "SINTERSTORE K K N",
        "SINTERSTORE N K", "SUNIONSTORE K K", "SDIFFSTORE K K K", "SDIFFSTORE N K K", "SMEMBERS K", "SRANDMEMBER K",
    ),
    "HSET K f 1 g 2": (
        "HSET K f 1", "HSET K f 2", "HSET K h 1", "HSET N f 1", "HMSET K f 1", "HSETNX K f 2", "HSETNX K h 2",
        "HDEL K f", "HDEL K z", "HDEL K f g", "HDEL N f", "HINCRBY K f 0", "HINCRBY K f 1", "HINCRBY K f x",
        "HINCRBYFLOAT K f 0", "HINCRBYFLOAT K f 0.5", "HGETALL K", "HRANDFIELD K",
    ),
    "ZADD K 1 a 2 b": (
        "ZADD K 1 a", "ZADD K 2 a", "ZADD K 1 c", "ZADD N 1 a", "ZADD K NX 9 a", "ZADD K XX 1 z", "ZADD K GT 0 a",
        "ZADD K LT 9 a", "ZADD K GT CH 9 a", "ZADD K INCR 0 a", "ZADD K XX INCR 1 z", "ZREM K a", "ZREM K z",
        "ZREM K a b", "ZREM N a", "ZINCRBY K 0 a", "ZINCRBY K 1 a", "ZINCRBY K x a", "ZREMRANGEBYRANK K 5 9",
        "ZREMRANGEBYRANK K 0 0", "ZREMRANGEBYSCORE K 7 9", "ZREMRANGEBYSCORE K 1 1", "ZREMRANGEBYLEX K [x [z",
        "ZPOPMIN K", "ZPOPMIN K 0", "ZPOPMAX K 9", "ZPOPMIN N", "ZMPOP 1 K MIN", "ZMPOP 1 N MIN",
        "ZRANGESTORE K K 0 -1", "ZRANGESTORE N K 0 -1", "ZRANGESTORE K N 0 -1", "ZRANGESTORE N K 5 9",
        "ZUNIONSTORE K 1 K", "ZUNIONSTORE N 1 N", "ZINTERSTORE K 2 K N", "ZDIFFSTORE K 2 K K", "ZRANGE K 0 -1",
    ),
}  # fmt: skip


def _watched(held: str, change: str) -> SearchStrategy[tuple[Step, ...]]:
    """Two keys are watched, one of them holds something, and somebody sends one command."""
    names = {"K": Key(b"k"), "N": Key(b"none")}
    setup, write = (cmd(*(names.get(word, word) for word in line.split(" "))) for line in (held, change))
    return then(
        cmd("DEL", *names.values()),
        setup,
        cmd("WATCH", one_of(names["K"], names["K"], names["N"], (names["K"], names["N"]))),
        anywhere(2, write),
        cmd("MULTI"),
        cmd("EXISTS", names["K"]),
        cmd("EXEC"),
    )


@stage("mini.watch", examples=150, state=False)
def touched_by_every_kind_of_write() -> Scripts:
    """A watched key, and each command that may change it: EXEC refuses if it did, and runs if it did not."""
    return scripts(
        st.sampled_from([(held, change) for held, changes in _HELD.items() for change in changes]).flatmap(
            lambda drawn: _watched(*drawn)
        ),
        size=8,
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.watch")
def watched_in_its_database() -> Scripts:
    """A key is watched where it was watched, not where the client is now."""
    select = cmd("SELECT", one_of("0", "1"))
    return scripts(
        then(select, cmd("WATCH", _key), select, on(1, select), on(1, _write), cmd("MULTI"), _queued, cmd("EXEC")),
        size=2,
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.watch-expired", examples=12)
def ends_while_watched() -> Scripts:
    """The end of a watched key comes before EXEC, or before WATCH, or not at all."""
    short = cmd("SET", _key, "v PX", one_of("15", "15", "100000"))
    transaction = then(cmd("MULTI"), cmd("SET l x"), cmd("EXEC"))
    return scripts(
        then(short, cmd("WATCH", _key), after(0.03, transaction)),
        then(short, after(0.03, cmd("WATCH", _key)), transaction),
        size=1,
        wrong_arity=False,
        wrong_type=False,
    )
