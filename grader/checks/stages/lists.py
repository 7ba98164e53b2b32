"""Lists without waiting: both ends, the middle, and moving from one to another."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Key,
    Scripts,
    any_order,
    cmd,
    count,
    counted,
    index,
    integer,
    keys,
    long_text,
    many,
    maybe,
    no_integer,
    one_of,
    scripts,
    small,
    some,
    text,
    then,
    word,
)
from grader.checks.stages.registry import stage

# Few different elements, so that a list has the same one several times.
element = st.one_of(word, word, text)
# A key for commands that take one, and keys that meet often for those that take several.
home = keys("k", "l")
any_key = st.sampled_from([Key(b"k"), Key(b"l"), Key(b"m")])
_push = one_of("LPUSH", "RPUSH")
_some = cmd("RPUSH", home, many(element, max=6))
# Each of these three words is found at several places, seen from either end.
_woven = cmd("RPUSH", home, one_of("a b c a b a", "b a c c a b b"))
_anywhere = cmd("RPUSH", any_key, many(element, max=4))
_side = one_of("LEFT", "RIGHT", "LEFT", "RIGHT", "MIDDLE")
# Redis takes the index of LSET modulo 2**32 (8.2 does): what lies beyond is nobody's to copy.
_place = st.sampled_from([b"%d" % n for n in range(-7, 8)] + [b"100", b"-100", b"x", b"1.5", b""])
_few = st.sampled_from([b"1", b"2", b"5", b"20"])
_from_none = st.sampled_from([b"1", b"0", b"2", b"3", b"-1", b"x", b"100"])


@stage("mini.lpush")
def pushed_at_both_ends() -> Scripts:
    """LPUSH turns its elements round, RPUSH does not."""
    return scripts(
        cmd("LPUSH", home, many(text)),
        cmd("RPUSH", home, many(text)),
        cmd("LLEN", home),
    )


@stage("mini.lrange")
def ranges_of_a_list() -> Scripts:
    """Indices from both ends, beyond both ends, and crossed."""
    return scripts(
        cmd("LRANGE", home, index, index),
        cmd("LRANGE", home, index, index),
        cmd(_push, home, many(element)),
        setup=[_some, cmd("LPUSH", home, many(text, min=2))],
    )


@stage("mini.lrange")
def beyond_both_ends() -> Scripts:
    """Five elements, and every index that may lie before, in or behind them."""
    near = st.integers(-12, 12).map(lambda number: b"%d" % number)
    filled = cmd("RPUSH", Key(b"k"), "a b c d e")
    ranges = some(cmd("LRANGE", Key(b"k"), near, near), min=4, max=8)
    return scripts(then(filled, ranges), size=1, wrong_arity=False, wrong_type=False)


@stage("mini.lrange")
def long_lists() -> Scripts:
    """More and longer elements than fit into one packet."""
    return scripts(
        cmd("LRANGE", home, small, index),
        cmd(_push, home, many(one_of(long_text, element), max=40)),
        size=6,
    )


@stage("mini.lpop", encoding=True)
def popped_until_nothing_is_left() -> Scripts:
    """With a count and without; the last element takes the home with it."""
    return scripts(
        cmd(one_of("LPOP", "RPOP"), home),
        cmd(one_of("LPOP", "RPOP"), home, maybe(_from_none)),
        cmd(one_of("LPOP", "RPOP"), home, maybe(count)),
        cmd("LLEN", home),
        cmd(_push, home, many(element)),
        setup=[_some],
    )


@stage("mini.lpushx")
def pushed_only_where_a_list_is() -> Scripts:
    """LPUSHX and RPUSHX, with lists that come and go."""
    return scripts(
        cmd(one_of("LPUSHX", "RPUSHX"), home, many(element)),
        cmd(one_of("LPUSHX", "RPUSHX"), home, many(element)),
        cmd("RPUSH", home, element),
        cmd("LPOP", home),
    )


@stage("mini.lindex", examples=100)
def single_elements() -> Scripts:
    """Read and replaced by index, from both ends."""
    return scripts(
        cmd("LINDEX", home, index),
        cmd("LSET", home, _place, element),
        cmd("LSET", home, _place, one_of(element, long_text)),
        cmd(_push, home, many(element)),
        setup=[_some],
    )


@stage("mini.linsert")
def beside_another_element() -> Scripts:
    """Before and after the first of several equal ones."""
    return scripts(
        cmd("LINSERT", home, one_of("BEFORE", "AFTER", "BEFORE", "AFTER", "BESIDE"), element, element),
        cmd("LINSERT", home, one_of("BEFORE", "AFTER"), word, element),
        cmd("LRANGE", home, 0, -1),
        setup=[_some, _some],
    )


@stage("mini.lrem")
def removed_by_value() -> Scripts:
    """From the head, from the tail, all of them; the list goes with its last one."""
    return scripts(
        cmd("LREM", home, st.sampled_from([b"1", b"-1", b"0", b"2", b"-2", b"3", b"-3"]), word),
        cmd("LREM", home, integer, element),
        cmd("LRANGE", home, 0, -1),
        setup=[_woven, cmd("RPUSH", home, many(word, min=2, max=8)), _some],
    )


@stage("mini.ltrim")
def trimmed_to_a_range() -> Scripts:
    """Both ends stay; what leaves nothing removes the home."""
    return scripts(
        cmd("LTRIM", home, index, index),
        cmd("LTRIM", home, small, small),
        cmd(_push, home, many(element)),
        cmd("LRANGE", home, 0, -1),
        setup=[_some, cmd("RPUSH", home, many(long_text, min=2, max=12))],
    )


@stage("mini.lpos", examples=100)
def found_by_value() -> Scripts:
    """RANK, COUNT and MAXLEN in any order, from both ends."""
    rank = st.sampled_from([b"1", b"-1", b"2", b"-2", b"3", b"-3", b"0"])
    limit = one_of(small, count)
    options = any_order(maybe("RANK", one_of(rank, integer)), maybe("COUNT", limit), maybe("MAXLEN", limit))
    woven = one_of("a", "b", "c")
    return scripts(
        cmd("LPOS", home, woven, "RANK", rank),
        cmd("LPOS", home, woven, "RANK", rank, "COUNT", small, maybe("MAXLEN", small)),
        cmd("LPOS", home, word, options),
        cmd("LPOS", home, word, options, maybe(one_of("RANK", "COUNT", "FIRST", ("RANK", 1), ("COUNT", no_integer)))),
        cmd("LPOS", home, element),
        setup=[_woven, cmd("RPUSH", home, many(word, min=3, max=9))],
        wrong_type=False,
    )


@stage("mini.lmove", examples=120)
def moved_from_list_to_list() -> Scripts:
    """All four ways, and a list onto itself."""
    return scripts(
        cmd("LMOVE", any_key, any_key, _side, _side),
        cmd("LMOVE", any_key, any_key, one_of("LEFT", "RIGHT"), one_of("LEFT", "RIGHT")),
        cmd("RPOPLPUSH", any_key, any_key),
        cmd("LRANGE", any_key, 0, -1),
        cmd(_push, any_key, many(element)),
        setup=[_anywhere, _anywhere, cmd("SET", any_key, "v")],
        wrong_type=False,
    )


@stage("mini.lmpop", examples=120)
def popped_from_the_first_that_is_there() -> Scripts:
    """Several keys, a count of keys that may lie, a count of elements."""
    options = maybe("COUNT", count)
    return scripts(
        cmd("LMPOP", counted(any_key), _side, options),
        cmd("LMPOP", 3, Key(b"m"), Key(b"l"), Key(b"k"), one_of("LEFT", "RIGHT"), "COUNT", _few),
        cmd("LMPOP", counted(any_key), _side, options, maybe(one_of("COUNT", ("COUNT", 1), "x"))),
        cmd(_push, any_key, many(element)),
        setup=[*(cmd("RPUSH", Key(name), many(element)) for name in (b"k", b"l", b"m"))],
    )
