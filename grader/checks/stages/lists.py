"""Lists without waiting: both ends, the middle, and moving from one to another."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Scripts,
    any_order,
    cmd,
    count,
    counted,
    index,
    integer,
    key,
    long_text,
    many,
    maybe,
    no_integer,
    one_of,
    scripts,
    small,
    text,
    word,
)
from grader.checks.stages.registry import stage

# Few different elements, so that a list has the same one several times.
element = st.one_of(word, word, text)
_push = one_of("LPUSH", "RPUSH")
_some = cmd("RPUSH", key, many(element, max=6))
_side = one_of("LEFT", "RIGHT", "LEFT", "RIGHT", "MIDDLE")
# Redis takes the index of LSET modulo 2**32 (8.2 does): what lies beyond is nobody's to copy.
_place = st.sampled_from([b"0", b"-1", b"1", b"2", b"-2", b"5", b"-5", b"100", b"-100", b"x", b"1.5", b""])
_from_none = st.sampled_from([b"1", b"0", b"2", b"3", b"-1", b"x", b"100"])


@stage("mini.lpush")
def pushed_at_both_ends() -> Scripts:
    """LPUSH turns its elements round, RPUSH does not."""
    return scripts(
        cmd("LPUSH", key, many(text)),
        cmd("RPUSH", key, many(text)),
        cmd("LLEN", key),
    )


@stage("mini.lrange")
def ranges_of_a_list() -> Scripts:
    """Indices from both ends, beyond both ends, and crossed."""
    return scripts(
        cmd("LRANGE", key, index, index),
        cmd("LRANGE", key, index, index),
        cmd(_push, key, many(element)),
        setup=[_some, cmd("LPUSH", key, many(text, min=2))],
    )


@stage("mini.lrange")
def long_lists() -> Scripts:
    """More and longer elements than fit into one packet."""
    return scripts(
        cmd("LRANGE", key, small, index),
        cmd(_push, key, many(one_of(long_text, element), max=40)),
        size=6,
    )


@stage("mini.lpop", encoding=True)
def popped_until_nothing_is_left() -> Scripts:
    """With a count and without; the last element takes the key with it."""
    return scripts(
        cmd(one_of("LPOP", "RPOP"), key),
        cmd(one_of("LPOP", "RPOP"), key, maybe(_from_none)),
        cmd(one_of("LPOP", "RPOP"), key, maybe(count)),
        cmd("LLEN", key),
        cmd(_push, key, many(element)),
        setup=[_some],
    )


@stage("mini.lpushx")
def pushed_only_where_a_list_is() -> Scripts:
    """LPUSHX and RPUSHX, with lists that come and go."""
    return scripts(
        cmd(one_of("LPUSHX", "RPUSHX"), key, many(element)),
        cmd(one_of("LPUSHX", "RPUSHX"), key, many(element)),
        cmd("RPUSH", key, element),
        cmd("LPOP", key),
    )


@stage("mini.lindex")
def single_elements() -> Scripts:
    """Read and replaced by index, from both ends."""
    return scripts(
        cmd("LINDEX", key, index),
        cmd("LSET", key, _place, element),
        cmd("LSET", key, _place, one_of(element, long_text)),
        cmd(_push, key, many(element)),
        setup=[_some],
    )


@stage("mini.linsert")
def beside_another_element() -> Scripts:
    """Before and after the first of several equal ones."""
    return scripts(
        cmd("LINSERT", key, one_of("BEFORE", "AFTER", "BEFORE", "AFTER", "BESIDE"), element, element),
        cmd("LINSERT", key, one_of("BEFORE", "AFTER"), word, element),
        cmd("LRANGE", key, 0, -1),
        setup=[_some, _some],
    )


@stage("mini.lrem")
def removed_by_value() -> Scripts:
    """From the head, from the tail, all of them; the list goes with its last one."""
    return scripts(
        cmd("LREM", key, st.sampled_from([b"1", b"-1", b"0", b"2", b"-2", b"3", b"-3"]), word),
        cmd("LREM", key, integer, element),
        cmd("LRANGE", key, 0, -1),
        setup=[cmd("RPUSH", key, many(word, min=2, max=8)), _some],
    )


@stage("mini.ltrim", encoding=True)
def trimmed_to_a_range() -> Scripts:
    """Both ends stay; what leaves nothing removes the key."""
    return scripts(
        cmd("LTRIM", key, index, index),
        cmd("LTRIM", key, small, small),
        cmd(_push, key, many(element)),
        cmd("LRANGE", key, 0, -1),
        setup=[_some, cmd("RPUSH", key, many(long_text, min=2, max=12))],
    )


@stage("mini.lpos")
def found_by_value() -> Scripts:
    """RANK, COUNT and MAXLEN in any order, from both ends."""
    rank = one_of(small, small, integer)
    options = any_order(
        maybe("RANK", rank), maybe("COUNT", one_of(small, count)), maybe("MAXLEN", one_of(small, count))
    )
    return scripts(
        cmd("LPOS", key, word, options),
        cmd("LPOS", key, word, options, maybe(one_of("RANK", "COUNT", "FIRST", ("RANK", 1), ("COUNT", no_integer)))),
        cmd("LPOS", key, element),
        setup=[cmd("RPUSH", key, many(word, min=3, max=9))] * 2,
    )


@stage("mini.lmove")
def moved_from_list_to_list() -> Scripts:
    """All four ways, and a list onto itself."""
    return scripts(
        cmd("LMOVE", key, key, _side, _side),
        cmd("LMOVE", key, key, one_of("LEFT", "RIGHT"), one_of("LEFT", "RIGHT")),
        cmd("RPOPLPUSH", key, key),
        cmd("LRANGE", key, 0, -1),
        cmd(_push, key, many(element)),
        setup=[_some, _some],
    )


@stage("mini.lmpop")
def popped_from_the_first_that_is_there() -> Scripts:
    """Several keys, a count of keys that may lie, a count of elements."""
    options = maybe("COUNT", count)
    return scripts(
        cmd("LMPOP", counted(key), _side, options),
        cmd("LMPOP", counted(key, honest=True), one_of("LEFT", "RIGHT"), maybe("COUNT", small)),
        cmd("LMPOP", counted(key), _side, options, maybe(one_of("COUNT", ("COUNT", 1), "x"))),
        cmd(_push, key, many(element)),
        setup=[_some, _some],
    )
