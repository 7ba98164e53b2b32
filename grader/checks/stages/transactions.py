"""The stages of transactions: several commands as one, and only if nobody was faster."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Scripts,
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
