"""The stages of bitmaps: single bits, counting and finding them, strings combined, and fields of small numbers."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from grader.checks.agreement.script import (
    Key,
    Scripts,
    Step,
    bit,
    cmd,
    index,
    integer,
    key,
    many,
    maybe,
    offset,
    one_of,
    scripts,
    small,
    some,
    text,
    then,
)
from grader.checks.stages.registry import stage

_one = Key(b"k")
# Half a gigabyte of bits is allowed, but not for a check.
_place = st.one_of(offset, st.integers(0, 70).map(lambda number: b"%d" % number))
_bytes = st.binary(max_size=12) | st.sampled_from(
    [b"\xff" * 3, b"\x00" * 3, b"\xff\xf0\x00", b"\x00\xff\xf0", b"foobar"]
)
_bitmap = cmd("SET", key, _bytes)
_unit = st.sampled_from([b"BYTE", b"BIT", b"BIT", b"byte", b"Bit", b"NIBBLE"])


@stage("mini.setbit", encoding=True)
def one_bit() -> Scripts:
    """SETBIT and GETBIT: far, near, wrong; the bytes they make."""
    return scripts(
        cmd("SETBIT", key, _place, bit),
        cmd("SETBIT", key, _place, one_of("1", "0")),
        cmd("GETBIT", key, _place),
        cmd("GETBIT", key, "4294967295"),
        cmd("STRLEN", key),
        cmd("APPEND", key, text),
        setup=[_bitmap, cmd("SET", key, text)],
    )


@stage("mini.setbit")
def only_changed_bits_count() -> Scripts:
    """A watched string, and a bit that is set to what it was or to the other, in the string or behind its end."""
    change = cmd("SETBIT", _one, one_of("0", "2", "7", "8", "30"), one_of("0", "1"))
    return scripts(
        then(one_of(cmd("SET", _one, "a"), cmd("DEL", _one)), cmd("WATCH", _one), change, cmd("MULTI"), cmd("EXEC")),
        size=8,
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.bitcount")
def how_many() -> Scripts:
    """BITCOUNT of all, of ranges of bytes and of bits."""
    near = st.integers(-20, 20).map(lambda number: b"%d" % number)
    return scripts(
        cmd("BITCOUNT", key),
        cmd("BITCOUNT", key, index, index, maybe(_unit)),
        cmd("BITCOUNT", key, near, near, one_of("BIT", "BYTE")),
        cmd("BITCOUNT", key, many(index, max=1)),
        setup=[_bitmap, _bitmap, cmd("SETBIT", key, _place, "1")],
    )


def _beyond(command: SearchStrategy[Step]) -> Scripts:
    """Six bytes, and several ranges of them."""
    return scripts(
        then(cmd("SET", _one, "foobar"), some(command, min=4, max=8)), size=1, wrong_arity=False, wrong_type=False
    )


# Positions before, in and behind six bytes, and their 48 bits.
_edge = st.one_of(
    st.integers(-9, 9).map(lambda number: b"%d" % number),
    st.sampled_from([b"-100", b"-49", b"-48", b"-47", b"47", b"48", b"49", b"100", b"9000000000000000"]),
)


@stage("mini.bitcount")
def how_many_beyond_both_ends() -> Scripts:
    """Ranges that begin before the string and end behind it."""
    return _beyond(cmd("BITCOUNT", _one, _edge, _edge, maybe(one_of("BIT", "BYTE"))))


@stage("mini.bitpos")
def where() -> Scripts:
    """BITPOS with nothing, a start, an end, a unit; of strings that are all ones or all zeros."""
    near = st.integers(-20, 20).map(lambda number: b"%d" % number)
    return scripts(
        cmd("BITPOS", key, bit),
        cmd("BITPOS", key, bit, index),
        cmd("BITPOS", key, bit, index, index, maybe(_unit)),
        cmd("BITPOS", key, one_of("0", "1"), near, near, one_of("BIT", "BYTE")),
        setup=[_bitmap, _bitmap, cmd("SET", key, "")],
    )


@stage("mini.bitpos")
def where_beyond_both_ends() -> Scripts:
    """Ranges that begin before the string and end behind it."""
    return _beyond(cmd("BITPOS", _one, one_of("0", "1"), _edge, maybe(_edge, maybe(one_of("BIT", "BYTE")))))


@stage("mini.bitop", examples=100)
def combined() -> Scripts:
    """BITOP with all of its operations, of one, two and three strings of different length."""
    name = st.sampled_from([b"AND", b"OR", b"XOR", b"NOT", b"DIFF", b"DIFF1", b"ANDOR", b"ONE", b"and", b"NAND"])
    return scripts(
        cmd("BITOP", name, key, many(key, max=3)),
        cmd("BITOP", "NOT", key, key),
        cmd("BITOP", one_of("ONE", "DIFF", "DIFF1", "ANDOR"), key, many(key, min=2, max=4)),
        cmd("GET", key),
        cmd("TTL", key),
        setup=[_bitmap, cmd("MSET", many(key, _bytes)), cmd("SETEX", key, "100", _bytes)],
    )


_type = st.one_of(
    st.sampled_from([b"u8", b"i8", b"u4", b"i5", b"u1", b"i1", b"u16", b"i64", b"u63", b"i63", b"u7"]),
    st.integers(1, 64).map(lambda width: b"i%d" % width),
    st.integers(1, 63).map(lambda width: b"u%d" % width),
    st.sampled_from([b"u64", b"i65", b"u0", b"i0", b"x8", b"8", b"U8", b"i", b"", b"u-1", b"u08"]),
)
_good_type = st.sampled_from([b"u8", b"i8", b"u4", b"i5", b"u16", b"i64", b"u63", b"u2"])
_where = st.one_of(
    st.integers(0, 70).map(lambda number: b"%d" % number),
    st.integers(0, 9).map(lambda number: b"#%d" % number),
    st.sampled_from([b"#", b"#x", b"#-1", b"-1", b"x", b"4294967296", b"#4294967296"]),
)
_good_where = st.one_of(
    st.integers(0, 20).map(lambda number: b"%d" % number), st.integers(0, 3).map(lambda number: b"#%d" % number)
)
_amount = st.one_of(small, st.integers(-300, 300).map(lambda number: b"%d" % number), integer)
_get = ("GET", _type, _where)
_good_get = ("GET", _good_type, _good_where)


@stage("mini.bitfield", examples=100)
def small_numbers() -> Scripts:
    """GET, SET and INCRBY of fields of every type that do not overflow; steps that are no steps."""
    fits = st.sampled_from([b"0", b"1", b"0", b"x"])
    return scripts(
        cmd("BITFIELD", key, many(one_of(_get, _good_get), min=0, max=3)),
        cmd("BITFIELD", key, many(one_of(_good_get, ("SET", _good_type, _good_where, fits)))),
        cmd("BITFIELD", key, many(one_of(_get, ("SET", _good_type, _where, fits)), max=2)),
        cmd("BITFIELD", key, one_of("GET", "SET", "FOO", "INCRBY"), maybe("u8"), maybe("0")),
        cmd("BITFIELD_RO", key, many(one_of(_get, _good_get, ("SET", "u8", "0", "1")), min=0, max=3)),
        setup=[_bitmap, cmd("SET", key, text)],
    )


@stage("mini.bitfield", examples=20)
def watched_numbers() -> Scripts:
    """A transaction depends on a key; BITFIELD has changed it, or has only read it."""
    return scripts(
        then(
            cmd("WATCH", _one),
            cmd("BITFIELD", _one, one_of(("SET", "u8", "0", "7"), ("GET", "u8", "0"), ("INCRBY", "u8", "0", "1"))),
            cmd("MULTI"),
            cmd("PING"),
            cmd("EXEC"),
        ),
        setup=[cmd("SET", _one, "a")],
        size=1,
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.bitfield-overflow", examples=150)
def numbers_that_do_not_fit() -> Scripts:
    """SET and INCRBY beyond both ends of a field, with each kind of OVERFLOW."""
    how = ("OVERFLOW", one_of("WRAP", "SAT", "FAIL", "sat", "FOO"))
    change = (one_of("SET", "INCRBY"), _good_type, _good_where, _amount)
    edge = st.sampled_from([b"9223372036854775807", b"-9223372036854775808", b"255", b"-1", b"128", b"-129", b"1"])
    return scripts(
        cmd("BITFIELD", key, many(maybe(how), change)),
        cmd("BITFIELD", key, many(how, one_of("SET", "INCRBY"), _good_type, "0", edge)),
        cmd("BITFIELD", key, many(one_of(change, _good_get))),
        cmd("BITFIELD", key, "OVERFLOW", one_of("FOO", "WRAP"), maybe("GET", "u8", "0")),
        cmd("BITFIELD_RO", key, maybe(how), many(_good_get)),
        setup=[_bitmap, then(cmd("BITFIELD", key, "SET", _good_type, "0", edge))],
    )
