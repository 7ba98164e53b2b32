"""The stages of strings: values, counters, pieces, options of SET.

Which option excludes which, and which error comes first, is left to chance and to Redis: options are drawn from all
there are, in any order, some of them twice.
"""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Key,
    Scripts,
    after,
    any_order,
    at_milliseconds,
    at_seconds,
    cmd,
    double,
    index,
    integer,
    key,
    long_text,
    many,
    maybe,
    milliseconds,
    no_integer,
    odd_key,
    one_of,
    scripts,
    seconds,
    small,
    text,
    then,
    valid_integer,
    word,
)
from grader.checks.stages.registry import stage

_end = one_of(("EX", seconds), ("PX", milliseconds), ("EXAT", at_seconds), ("PXAT", at_milliseconds))
_K = Key(b"k")
_number_text = one_of(valid_integer, no_integer, small)
_later = st.sampled_from([b"100", b"1000", b"100000"])


@stage("mini.set")
def one_key() -> Scripts:
    """SET, GET, SET again."""
    return scripts(cmd("SET", key, text), cmd("GET", key), wrong_arity=False, size=6)


@stage("mini.set")
def any_bytes() -> Scripts:
    """Keys and values of any bytes and of some length; too few arguments."""
    return scripts(
        cmd("SET", odd_key, text),
        cmd("SET", key, long_text),
        cmd("GET", odd_key),
        cmd("GET", key),
        cmd("GET"),
        cmd("GET", key, "x"),
        cmd("SET", key),
        wrong_arity=False,
    )


@stage("mini.mget")
def several_keys() -> Scripts:
    """MSET and MGET, the same key twice, a value missing."""
    return scripts(
        cmd("MSET", many(key, text, max=3)),
        cmd("MSET", many(key, min=2, max=5)),
        cmd("MGET", many(key)),
        cmd("GET", key),
        setup=[cmd("SET", key, text)],
    )


@stage("mini.setnx")
def only_where_nothing_is() -> Scripts:
    """SETNX and MSETNX on keys that are there, that are not, and both."""
    return scripts(
        cmd("SETNX", key, text),
        cmd("MSETNX", many(key, text, max=3)),
        cmd("MSETNX", many(key, min=2, max=5)),
        cmd("GET", key),
        setup=[cmd("SET", key, text)],
    )


@stage("mini.getset")
def the_old_value() -> Scripts:
    """GETSET and GETDEL."""
    return scripts(cmd("GETSET", key, text), cmd("GETDEL", key), cmd("GET", key), setup=[cmd("SET", key, text)])


@stage("mini.append")
def longer_and_longer() -> Scripts:
    """APPEND to what is there and what is not; the length in bytes."""
    return scripts(cmd("APPEND", key, text), cmd("STRLEN", key), cmd("GET", key), setup=[cmd("SET", key, text)], size=6)


@stage("mini.getrange")
def pieces() -> Scripts:
    """GETRANGE and SUBSTR with positions inside and outside, from both ends."""
    return scripts(
        cmd("GETRANGE", key, index, index),
        cmd("SUBSTR", key, index, index),
        cmd("APPEND", key, text),
        setup=[cmd("SET", key, "Hello"), cmd("SET", key, text)],
    )


@stage("mini.getrange", examples=40)
def far_outside() -> Scripts:
    """Positions far beyond both ends of a value that has some: a Python slice is not a range."""
    place = st.integers(-9, 9).map(lambda number: b"%d" % number)
    return scripts(
        cmd("GETRANGE", Key(b"k"), one_of(place, "-100"), one_of(place, "-100")),
        setup=[cmd("SET", Key(b"k"), "abc")], wrong_arity=False, wrong_type=False,
    )  # fmt: skip


@stage("mini.setrange")
def overwritten() -> Scripts:
    """SETRANGE inside, at the end, far behind it, and with nothing."""
    place = st.sampled_from([b"0", b"1", b"3", b"5", b"6", b"10", b"1", b"-1", b"x", b"536870912", b"99999999999"])
    return scripts(
        cmd("SETRANGE", key, place, text),
        cmd("SETRANGE", key, place, word),
        cmd("SETRANGE", key, place, b""),
        cmd("GETRANGE", key, index, index),
        cmd("APPEND", key, text),
        setup=[cmd("SET", key, "Hello"), cmd("SET", key, text)],
    )


@stage("mini.incr")
def counting() -> Scripts:
    """INCR and DECR of integers, of texts, at both ends of 64 bits."""
    return scripts(
        cmd("INCR", key),
        cmd("DECR", key),
        cmd("GET", key),
        then(cmd("SET", _K, no_integer), cmd(one_of("INCR", "DECR"), _K)),
        setup=[cmd("SET", key, _number_text)],
        wrong_arity=False,
    )


@stage("mini.incrby")
def counting_in_steps() -> Scripts:
    """INCRBY and DECRBY."""
    return scripts(
        cmd("INCRBY", key, integer),
        cmd("DECRBY", key, integer),
        cmd("INCR", key),
        cmd("GET", key),
        setup=[cmd("SET", key, _number_text), cmd("SET", key, small)],
    )


_fraction = st.one_of(
    double,
    st.sampled_from([b"0.1", b"0.2", b"3.0e3", b"-0", b"5.0e-18", b"1e17", b"1e300", b"-1e300", b"0x10", b"1e-400"]),
    st.sampled_from([b"inf", b"-inf", b"nan", b" 1", b"1 ", b"", b"abc", b"1e", b"1e5000", b"18446744073709551617"]),
    st.decimals(-(10**6), 10**6, places=8).map(lambda number: str(number).encode()),
    integer,
)


@stage("mini.incrbyfloat", examples=120)
def counting_with_fractions() -> Scripts:
    """INCRBYFLOAT: numbers in every writing, sums that binary fractions cannot hold."""
    return scripts(
        cmd("INCRBYFLOAT", key, _fraction),
        cmd("INCRBYFLOAT", key, double),
        cmd("INCR", key),
        cmd("GET", key),
        setup=[cmd("SET", key, _fraction), cmd("SET", key, double), cmd("SET", key, b"")],
    )


@stage("mini.setex")
def with_an_end() -> Scripts:
    """SETEX and PSETEX, with times that are long, past, too long and no numbers."""
    return scripts(
        cmd("SETEX", key, seconds, text),
        cmd("PSETEX", key, milliseconds, text),
        cmd("TTL", key),
        cmd("PTTL", key),
        cmd("GET", key),
        cmd("INCR", key),
        cmd("APPEND", key, text),
        cmd("SETNX", key, text),
        cmd("GETSET", key, text),
        setup=[cmd("SETEX", key, _later, text), cmd("SET", key, text)],
    )


@stage("mini.set-conditions")
def only_if() -> Scripts:
    """SET with NX, XX and GET in any order."""
    return scripts(
        cmd("SET", key, text, any_order(maybe("NX"), maybe("XX"), maybe("GET"))),
        cmd("SET", key, text, one_of("NX", "XX", "GET", "NX GET", "GET XX", "FOO", "")),
        cmd("GET", key),
        cmd("DEL", key),
        cmd("TTL", key),
        setup=[cmd("SET", key, text), cmd("SETEX", key, _later, text)],
    )


@stage("mini.set-ex", examples=120)
def every_option() -> Scripts:
    """SET with all of its options, in any order, going together or not."""
    options = any_order(maybe("NX"), maybe("XX"), maybe("GET"), maybe(_end), maybe("KEEPTTL"), maybe(_end))
    return scripts(
        cmd("SET", key, text, options),
        cmd("SET", key, text, _end),
        cmd("SET", key, text, "KEEPTTL"),
        cmd("SET", key, text, one_of("EX", "PX", "EXAT", "PXAT", "PERSIST")),
        cmd("SET", key, text),
        cmd("GET", key),
        cmd("PTTL", key),
        setup=[cmd("SETEX", key, _later, text), cmd("SET", key, text)],
    )


@stage("mini.set-ex", examples=6)
def it_does_end() -> Scripts:
    """A short life, seen from its end."""
    return scripts(
        then(
            cmd("SET", _K, text, "PX", st.sampled_from([b"20", b"30"])),
            after(0.06, cmd("GET", _K)),
            cmd("SET", _K, text, one_of("NX", "XX")),
        ),
        size=1,
        wrong_type=False,
        wrong_arity=False,
    )


@stage("mini.getex")
def read_and_set_the_end() -> Scripts:
    """GETEX with each of its options, right and wrong."""
    return scripts(
        cmd("GETEX", key, maybe(_end)),
        cmd("GETEX", key, _end),
        cmd("GETEX", key, "PERSIST"),
        cmd("GETEX", key, any_order(maybe("PERSIST"), maybe(_end), maybe(_end), maybe("KEEPTTL"), maybe("NX"))),
        cmd("GET", key),
        cmd("TTL", key),
        setup=[cmd("SETEX", key, _later, text), cmd("SET", key, text)],
    )


@stage("mini.lcs", examples=100)
def what_two_texts_share() -> Scripts:
    """LCS of short texts of few letters, with all options."""
    dna = st.one_of(st.text("ABC", max_size=9), st.text("AB", max_size=5), st.text("ab\x00", max_size=6)).map(
        str.encode
    )
    minimum = ("MINMATCHLEN", integer)
    return scripts(
        cmd("LCS", key, key),
        cmd("LCS", key, key, one_of("LEN", "IDX", ("IDX", minimum), "IDX WITHMATCHLEN")),
        cmd("LCS", key, key, any_order(maybe("LEN"), maybe("IDX"), maybe(minimum), maybe("WITHMATCHLEN"))),
        setup=[cmd("MSET", key, dna, key, dna), cmd("MSET", Key(b"k"), "ohmytext", Key(b"l"), "mynewtext")],
    )
