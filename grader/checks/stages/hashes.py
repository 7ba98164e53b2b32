"""Hashes: fields, counters in them, chance and walks."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Scripts,
    any_order,
    cmd,
    count,
    double,
    field_,
    integer,
    key,
    long_text,
    many,
    maybe,
    one_of,
    pattern,
    scripts,
    small,
    text,
    valid_integer,
    walk,
    word,
)
from grader.checks.stages.registry import stage

_field = st.one_of(field_, field_, text)
_pairs = many(field_, text)
_set = cmd("HSET", key, _pairs)
# So many that a hash leaves its small form.
_large = cmd(
    "HSET",
    key,
    st.integers(0, 2).map(lambda n: [part for i in range(300 * n, 300 * n + 300) for part in (b"f%d" % i, b"%d" % i)]),
)


@stage("mini.hset", encoding=True)
def fields_are_set_and_read() -> Scripts:
    """New fields and old ones, also the same field twice in one command."""
    return scripts(
        cmd("HSET", key, many(_field, one_of(text, text, long_text)), maybe(field_)),
        cmd("HSET", key, _pairs),
        cmd("HGET", key, _field),
        cmd("HGET", key, field_),
    )


@stage("mini.hgetall")
def whole_hashes() -> Scripts:
    """All fields, all values, both, and how many."""
    return scripts(
        cmd(one_of("HGETALL", "HKEYS", "HVALS", "HLEN"), key),
        cmd("HSET", key, _pairs),
        setup=[_set, _set],
    )


@stage("mini.hgetall", encoding=True, examples=12)
def large_hashes() -> Scripts:
    """Past the limits of the small form."""
    return scripts(
        _large,
        cmd("HSET", key, field_, one_of(text, long_text)),
        cmd(one_of("HGETALL", "HKEYS", "HVALS", "HLEN"), key),
        size=5,
        wrong_arity=False,
    )


@stage("mini.hmget")
def several_fields_at_once() -> Scripts:
    """HMSET and HMGET, with fields that are not there."""
    return scripts(
        cmd("HMGET", key, many(_field)),
        cmd("HMGET", key, many(field_)),
        cmd("HMSET", key, _pairs, maybe(field_)),
        setup=[_set],
    )


@stage("mini.hexists")
def is_it_there_and_how_long_is_it() -> Scripts:
    """HEXISTS and HSTRLEN."""
    return scripts(
        cmd(one_of("HEXISTS", "HSTRLEN"), key, _field),
        cmd(one_of("HEXISTS", "HSTRLEN"), key, field_),
        cmd("HSET", key, field_, one_of(text, long_text)),
        setup=[_set, _set],
    )


@stage("mini.hdel", encoding=True)
def removed_fields() -> Scripts:
    """Some twice in one command; the last one takes the key with it."""
    return scripts(
        cmd("HDEL", key, many(field_)),
        cmd("HDEL", key, many(_field)),
        cmd("HSET", key, _pairs),
        cmd("HGETALL", key),
        setup=[_set],
    )


@stage("mini.hsetnx")
def set_only_where_nothing_is() -> Scripts:
    """HSETNX beside HSET and HDEL."""
    return scripts(
        cmd("HSETNX", key, field_, text),
        cmd("HSETNX", key, _field, text),
        cmd("HDEL", key, field_),
        cmd("HGET", key, field_),
        setup=[_set],
    )


@stage("mini.hincrby")
def counters_in_fields() -> Scripts:
    """Up, down, past the edges of 64 bits, and from what is no number."""
    return scripts(
        cmd("HINCRBY", key, field_, integer),
        cmd("HINCRBY", key, field_, valid_integer),
        cmd("HSET", key, field_, one_of(integer, text)),
        cmd("HGET", key, field_),
        setup=[cmd("HSET", key, many(field_, valid_integer))],
    )


@stage("mini.hincrbyfloat")
def numbers_with_a_fraction_in_fields() -> Scripts:
    """Sums of what counts as a number, and what does not."""
    odd = st.sampled_from([b"inf", b"-inf", b"nan", b"1e400", b"0x10", b" 1", b"1 ", b"", b"x", b"1e-400"])
    return scripts(
        cmd("HINCRBYFLOAT", key, field_, double),
        cmd("HINCRBYFLOAT", key, field_, one_of(double, integer, odd)),
        cmd("HSET", key, field_, one_of(double, integer, text, odd)),
        cmd("HINCRBY", key, field_, small),
        cmd("HGET", key, field_),
        setup=[cmd("HSET", key, many(field_, double))],
    )


@stage("mini.hrandfield")
def fields_drawn_by_chance() -> Scripts:
    """Distinct ones, or any of them again; with their values or without."""
    few = st.sampled_from([b"1", b"0", b"2", b"-1", b"-3", b"-20", b"20", b"x", b"9223372036854775807"])
    return scripts(
        cmd("HRANDFIELD", key),
        cmd("HRANDFIELD", key, few, maybe("WITHVALUES")),
        cmd("HRANDFIELD", key, few, maybe(one_of("WITHVALUES", "WITHSCORES")), maybe("x")),
        cmd("HDEL", key, field_),
        setup=[_set, _set],
    )


@stage("mini.hscan")
def walks_over_hashes() -> Scripts:
    """Small ones and large ones, with patterns, page sizes, and without values."""
    options = any_order(maybe("MATCH", pattern), maybe("COUNT", one_of(count, small)), maybe("NOVALUES"))
    return scripts(
        walk(cmd("HSCAN", key, 0, maybe("COUNT", st.sampled_from([b"1", b"3", b"10", b"1000"])), maybe("NOVALUES"))),
        walk(cmd("HSCAN", key, 0, "MATCH", pattern)),
        cmd("HSET", key, many(field_, word)),
        cmd("HSCAN", key, st.sampled_from([b"0", b"0", b"x", b"-1", b"18446744073709551616", b""]), options),
        cmd("HSCAN", key, 0, options, maybe(one_of("COUNT", ("TYPE", "hash"), "x"))),
        cmd("HSET", key, many(_field, text)),
        setup=[_set, _large],
        size=6,
    )
