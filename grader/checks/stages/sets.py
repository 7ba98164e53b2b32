"""Sets: members, chance, and algebra."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Scripts,
    any_order,
    cmd,
    count,
    counted,
    int_member,
    integer,
    key,
    many,
    maybe,
    member,
    missing_key,
    one_of,
    pattern,
    scripts,
    small,
    text,
    walk,
    word,
)
from grader.checks.stages.registry import stage

_any_member = st.one_of(member, int_member, text)
_add = cmd("SADD", key, many(member, max=6))
_add_numbers = cmd("SADD", key, many(int_member, max=6))
# So many that a set leaves its small forms.
_numbers = st.integers(0, 3).map(lambda n: [b"%d" % number for number in range(n * 10, n * 10 + 140 * (n % 2 + 1) * 2)])
_names = st.integers(0, 3).map(lambda n: [b"m%d" % number for number in range(n * 50, n * 50 + 120)])
_large = cmd("SADD", key, one_of(_numbers, _names))


@stage("mini.sadd", encoding=True)
def members_are_there_once() -> Scripts:
    """Added again and again, numbers and others."""
    return scripts(
        cmd("SADD", key, many(_any_member)),
        cmd("SADD", key, many(member)),
        cmd("SADD", key, many(int_member)),
        cmd("SCARD", key),
        cmd("SMEMBERS", key),
    )


@stage("mini.sadd", encoding=True, examples=20)
def large_sets() -> Scripts:
    """Past the limits of the small forms."""
    return scripts(_large, cmd("SADD", key, many(_any_member)), cmd("SCARD", key), size=5, wrong_arity=False)


@stage("mini.sismember")
def asked_for_members() -> Scripts:
    """One, or several at once, of a set that may not be there."""
    return scripts(
        cmd("SISMEMBER", key, _any_member),
        cmd("SMISMEMBER", key, many(_any_member)),
        cmd("SMISMEMBER", key, many(member)),
        cmd("SADD", key, many(member)),
        setup=[_add, _add_numbers],
    )


@stage("mini.srem", encoding=True)
def removed_members() -> Scripts:
    """Some twice in one command; the last one takes the key with it."""
    return scripts(
        cmd("SREM", key, many(member)),
        cmd("SREM", key, many(_any_member)),
        cmd("SADD", key, many(_any_member)),
        cmd("SCARD", key),
        setup=[_add, _add_numbers],
    )


@stage("mini.smove", encoding=True)
def moved_members() -> Scripts:
    """Between sets, onto itself, into what is no set."""
    return scripts(
        cmd("SMOVE", key, key, member),
        cmd("SMOVE", key, key, _any_member),
        cmd("SADD", key, many(member)),
        cmd("SMEMBERS", key),
        setup=[_add, _add, _add_numbers],
    )


@stage("mini.spop")
def taken_by_chance() -> Scripts:
    """One, so many, more than there are."""
    return scripts(
        cmd("SPOP", key, one_of(integer, small)),
        cmd("SPOP", key),
        cmd("SCARD", key),
        cmd("SADD", key, many(_any_member)),
        setup=[_add, _add_numbers],
    )


@stage("mini.srandmember")
def drawn_by_chance() -> Scripts:
    """They stay; a negative count may draw the same one again."""
    few = st.sampled_from([b"1", b"0", b"2", b"-1", b"-3", b"-20", b"20", b"x", b"9223372036854775807"])
    return scripts(
        cmd("SRANDMEMBER", key, few),
        cmd("SRANDMEMBER", key, maybe(few), maybe("x")),
        cmd("SCARD", key),
        cmd("SREM", key, member),
        setup=[_add, _add, _add_numbers],
    )


@stage("mini.sinter")
def in_all_of_them() -> Scripts:
    """One set or several, one twice, one that is not there."""
    sets = many(one_of(key, key, key, missing_key), max=4)
    limit = maybe("LIMIT", one_of(count, small))
    return scripts(
        cmd("SINTER", sets),
        cmd("SINTERCARD", counted(key), limit),
        cmd("SINTERCARD", counted(key), limit, maybe(one_of("LIMIT", ("LIMIT", 1), "x"))),
        cmd("SADD", key, many(member)),
        setup=[_add, _add, _add_numbers],
    )


@stage("mini.sunion")
def in_any_and_in_the_first_only() -> Scripts:
    """SUNION and SDIFF, with sets that are not there."""
    sets = many(one_of(key, key, key, missing_key), max=4)
    return scripts(
        cmd(one_of("SUNION", "SDIFF"), sets),
        cmd(one_of("SUNION", "SDIFF"), sets),
        cmd("SADD", key, many(_any_member)),
        setup=[_add, _add, _add_numbers],
    )


@stage("mini.sinterstore", encoding=True)
def results_that_are_stored() -> Scripts:
    """Over one of the sets, over another type, and nothing at all."""
    store = one_of("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE")
    return scripts(
        cmd(store, key, many(one_of(key, key, key, missing_key), max=4)),
        cmd(store, key, many(key, max=4)),
        cmd("SADD", key, many(_any_member)),
        cmd("SMEMBERS", key),
        setup=[_add, _add, _add_numbers, _large],
    )


@stage("mini.sscan")
def walks_over_sets() -> Scripts:
    """Small ones and large ones, with patterns and page sizes."""
    options = any_order(maybe("MATCH", pattern), maybe("COUNT", one_of(count, small)))
    return scripts(
        walk(cmd("SSCAN", key, 0, maybe("COUNT", st.sampled_from([b"1", b"3", b"10", b"1000"])))),
        walk(cmd("SSCAN", key, 0, maybe("MATCH", pattern))),
        cmd("SSCAN", key, st.sampled_from([b"0", b"0", b"x", b"-1", b"18446744073709551616", b""]), options),
        cmd("SSCAN", key, 0, options, maybe(one_of("COUNT", "NOVALUES", ("TYPE", "set"), "x"))),
        cmd("SADD", key, many(one_of(word, _any_member))),
        setup=[_add, _add_numbers, _large],
        size=6,
    )
