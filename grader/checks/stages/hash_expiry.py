"""Fields of hashes that end. The moments in these scripts are far away, past, or a few milliseconds off."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Scripts,
    after,
    any_order,
    at_milliseconds,
    at_seconds,
    cmd,
    count,
    counted,
    keys,
    many,
    maybe,
    milliseconds,
    one_of,
    scripts,
    seconds,
    small,
    text,
    then,
)
from grader.checks.stages.registry import stage

_home = keys("h", "l")
_field = st.sampled_from([b"a", b"b", b"c", b"d", b"a", b"b", b""])
_set = cmd("HSET", _home, "a 1 b 2 c 3", maybe("d", text))
_counted = counted(_field)
# Moments that two servers can agree on to the millisecond.
_far = st.sampled_from([b"4102444800000", b"4102444800001", b"4102444900000"])
_ended = cmd("HPEXPIREAT", _home, _far, "FIELDS", counted(_field, honest=True))
_show = one_of(("HGETALL", _home), ("HPEXPIRETIME", _home, "FIELDS 4 a b c d"))
_condition = maybe(one_of("NX", "XX", "GT", "LT"))
_ends = one_of(("EX", seconds), ("PX", milliseconds), ("EXAT", at_seconds), ("PXAT", at_milliseconds))


@stage("mini.hexpire", examples=120, encoding=True)
def fields_are_given_an_end() -> Scripts:
    """From now or at a moment, under each condition; a moment that is over removes the field."""
    return scripts(
        cmd("HPEXPIREAT", _home, _far, _condition, "FIELDS", _counted),
        cmd("HEXPIRE", _home, seconds, _condition, "FIELDS", _counted),
        cmd("HPEXPIRE", _home, milliseconds, _condition, "FIELDS", _counted),
        cmd("HEXPIREAT", _home, at_seconds, _condition, "FIELDS", _counted),
        cmd("HPEXPIREAT", _home, at_milliseconds, _condition, one_of("FIELDS", "FIELDS", "FIELD"), _counted),
        cmd(one_of("HGETALL", "HLEN", "HKEYS"), _home),
        setup=[_set, _set, _ended],
        pool=_home,
    )


@stage("mini.httl")
def asked_when_they_end() -> Scripts:
    """All four questions, for fields with an end, without one, and that are not there."""
    ask = one_of("HTTL", "HPTTL", "HEXPIRETIME", "HPEXPIRETIME")
    return scripts(
        cmd(ask, _home, "FIELDS", _counted),
        cmd("HPEXPIRETIME", _home, "FIELDS", counted(_field, honest=True)),
        cmd(ask, _home, one_of("FIELDS", "FIELD"), one_of("0", count), many(_field)),
        cmd("HEXPIRE", _home, one_of(1000, 100000), "FIELDS", counted(_field, honest=True)),
        _ended,
        setup=[_set, _ended],
        pool=_home,
    )


@stage("mini.hpersist", encoding=True)
def ends_that_go_away() -> Scripts:
    """By HPERSIST, and by setting the field again; a counter keeps its end."""
    return scripts(
        cmd("HPERSIST", _home, "FIELDS", _counted),
        cmd("HPERSIST", _home, one_of("FIELDS", "FIELD"), one_of("0", count), many(_field)),
        then(cmd("HPEXPIREAT", _home, _far, "FIELDS 2 a b"), cmd("HSET", _home, one_of("a", "b"), text), cmd(_show)),
        then(_ended, cmd(one_of("HINCRBY", "HINCRBYFLOAT"), _home, _field, small), cmd(_show)),
        cmd("HSETNX", _home, _field, text),
        cmd("HDEL", _home, _field),
        _ended,
        cmd(_show),
        setup=[_set, _ended],
        pool=_home,
    )


@stage("mini.field-expiry", examples=8)
def fields_that_have_ended() -> Scripts:
    """They are gone for every command, and the hash goes with the last one."""
    soon = cmd("HPEXPIRE", _home, one_of(1, 5), "FIELDS", counted(_field, honest=True))
    look = cmd(one_of("HGETALL", "HLEN", "HKEYS", "HVALS", "EXISTS"), _home)
    return scripts(
        then(_set, soon, after(0.15, look), cmd("HGET", _home, _field)),
        then(_set, soon, after(0.15, cmd("HSET", _home, _field, text)), look),
        then(_set, soon, after(0.15, cmd("HINCRBY", _home, _field, 1)), look),
        size=1,
        wrong_arity=False,
        pool=_home,
    )


@stage("mini.hgetex", examples=100, encoding=True)
def read_and_given_an_end() -> Scripts:
    """A new end, no end, or only read."""
    return scripts(
        cmd("HGETEX", _home, maybe(_ends), "FIELDS", _counted),
        cmd("HGETEX", _home, _ends, "FIELDS", counted(_field, honest=True)),
        cmd("HGETEX", _home, one_of("PERSIST", ("PXAT", _far)), "FIELDS", _counted),
        cmd("HGETEX", _home, maybe(one_of("PERSIST", "KEEPTTL", _ends)), maybe(_ends), one_of("FIELDS", "X"), _counted),
        cmd(_show),
        setup=[_set, _set, _ended],
        pool=_home,
    )


@stage("mini.hsetex", examples=120, encoding=True)
def set_with_an_end() -> Scripts:
    """All of the fields or none, under a condition, with an end, without, or with the one they had."""
    pairs = counted(_field, text)
    end = maybe(one_of("KEEPTTL", ("PXAT", _far), _ends))
    only = maybe(one_of("FNX", "FXX"))
    more = maybe(one_of("FNX", "FXX", "KEEPTTL", "NX", _ends))
    return scripts(
        cmd("HSETEX", _home, any_order(only, end), "FIELDS", counted(_field, text, honest=True)),
        cmd("HSETEX", _home, any_order(only, end), "FIELDS", pairs),
        cmd("HSETEX", _home, any_order(only, end, more), "FIELDS", pairs),
        cmd("HDEL", _home, _field),
        cmd(_show),
        setup=[_set, _ended],
        pool=_home,
    )


@stage("mini.hgetdel", encoding=True)
def read_and_removed() -> Scripts:
    """Some twice in one command; the last one takes the key with it."""
    return scripts(
        cmd("HGETDEL", _home, "FIELDS", _counted),
        cmd("HGETDEL", _home, one_of("FIELDS", "FIELD"), one_of("0", count), many(_field)),
        cmd("HSET", _home, many(_field, text)),
        cmd(_show),
        _ended,
        setup=[_set, _ended],
        pool=_home,
    )
