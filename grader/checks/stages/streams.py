"""Streams: entries and their ids, ranges, waiting for more, and groups that share the work."""

from __future__ import annotations

from hypothesis import strategies as st

from grader.checks.agreement.script import (
    Key,
    Scripts,
    after,
    any_order,
    cmd,
    count,
    entry_bound,
    entry_id,
    field_,
    key,
    keys,
    many,
    maybe,
    on,
    one_of,
    scripts,
    small,
    text,
    then,
    word,
)
from grader.checks.stages.registry import stage

# The ids whose rest the server chooses come with their own stage.
_whole_id = entry_id.filter(lambda id: b"*" not in id)
_fields = many(field_, text, min=1, max=3)
_bad_id = one_of("x", "", "-", "+", "1-x", "1-1-1", "-1", "01-1", "18446744073709551616", "1-18446744073709551616")
_add = cmd("XADD", key, _whole_id, _fields)
_log = then(*(cmd("XADD", Key(b"k"), f"{n}-{n % 2}", _fields) for n in (1, 2, 3, 5, 8)))
_number = one_of(small, count)


@stage("mini.xadd")
def entries_with_ids() -> Scripts:
    """XADD with whole ids, that rise or do not, are none, or come with half a pair."""
    return scripts(
        _add,
        _add,
        cmd("XADD", key, _bad_id, _fields),
        cmd("XADD", key, _whole_id, field_),
        cmd("XADD", key, _whole_id, _fields, field_),
        cmd("XLEN", key),
    )


@stage("mini.xadd-auto")
def ids_by_the_server() -> Scripts:
    """XADD with "*" and "5-*", before and after ids in the far future and at the end of all ids."""
    far = one_of("9999999999999-5", "18446744073709551615-1", "18446744073709551615-18446744073709551615")
    return scripts(
        cmd("XADD", key, one_of("1-*", "2-*", "0-*", "5-*", "x-*", "-*", "*-1", "1-**"), _fields),
        cmd("XADD", key, "*", _fields),
        cmd("XADD", key, one_of(entry_id, far), _fields),
        cmd("XADD", key, one_of("9999999999999-*", "18446744073709551615-*"), _fields),
        cmd("XLEN", key),
        setup=[_add],
    )


@stage("mini.xrange", examples=100)
def ranges() -> Scripts:
    """XRANGE and XREVRANGE between ids that are there and others, with ends left out, and COUNT."""
    return scripts(
        cmd("XRANGE", key, entry_bound, entry_bound, maybe("COUNT", _number)),
        cmd("XREVRANGE", key, entry_bound, entry_bound, maybe("COUNT", _number)),
        cmd(one_of("XRANGE", "XREVRANGE"), key, "-", "+", maybe("COUNT", _number)),
        cmd("XREVRANGE", key, "+", entry_bound, one_of("COUNT", "COUNT 1 COUNT 2", text)),
        _add,
        setup=[_log],
    )


@stage("mini.xread", examples=100)
def what_came_after() -> Scripts:
    """XREAD of one stream and of several, above ids, with "$", "+" and COUNT."""
    last = one_of("0", "0-0", "1-1", "2", "5-1", "$", "+", ">", entry_bound)
    return scripts(
        cmd("XREAD", maybe("COUNT", _number), "STREAMS", key, last),
        cmd("XREAD", maybe("COUNT", _number), "STREAMS", key, keys("l", "m"), last, last),
        cmd("XREAD", many(one_of("COUNT 2", "COUNT", "STREAMS k", "GROUP g c", "NOACK", text), max=3), "STREAMS k 0"),
        cmd("XREAD", "STREAMS", key, last, maybe(last)),
        _add,
        setup=[_log],
    )


@stage("mini.xread-block")
def nothing_new() -> Scripts:
    """XREAD BLOCK where something is there already, and where nothing comes in time."""
    wait = one_of("20", "10", "30", "x", "-1", "1.5", "9223372036854775807", "")
    return scripts(
        cmd("XREAD", maybe("COUNT 1"), "BLOCK", one_of("20", "10"), "STREAMS", key, one_of("0", "$", "8-0", "99", "+")),
        cmd("XREAD", "BLOCK", wait, "STREAMS", key, "0"),
        _add,
        setup=[_log],
        size=4,
    )


@stage("mini.xread-block", examples=40)
def whoever_waits_hears() -> Scripts:
    """Two clients wait for the same stream; both get what is added, each from where it stood."""
    waits = cmd("XREAD", maybe("COUNT 2"), "BLOCK 5000 STREAMS", Key(b"k"), one_of("$", "8-0", "99"))
    return scripts(
        then(
            on(0, _log),
            on(1, waits),
            after(0.01, on(2, waits)),
            after(0.01, on(0, cmd("XADD", Key(b"k"), one_of("9-1", "100-1"), _fields))),
            on(0, cmd("XADD", Key(b"k"), "200-*", _fields)),
        ),
        size=1,
        wrong_arity=False,
        wrong_type=False,
    )


@stage("mini.xdel")
def entries_go() -> Scripts:
    """XDEL of entries that are there, of others, of both; the emptied stream stays."""
    return scripts(
        cmd("XDEL", key, many(one_of(entry_id, "1-1", "2-0", "3-1"))),
        cmd("XDEL", key, "1-1 2-0 3-1 5-1 8-0"),
        cmd("XDEL", key, many(one_of("1-1", _bad_id), max=2)),
        _add,
        cmd("XREAD", "STREAMS", key, one_of("0", "+")),
        setup=[_log],
    )


_trim_to = one_of("0", "1", "2", "3", "100", _number)
_least = one_of("2", "3-1", "8-0", "9", "0", entry_bound)
_long = then(*(cmd("XADD", Key(b"k"), f"{n}-1", "f", one_of("v", "w")) for n in range(1, 206)))


@stage("mini.xtrim", examples=100)
def the_oldest_go() -> Scripts:
    """XTRIM and the trimming of XADD, exact and rough, with thresholds of both kinds and options that do not fit."""
    how = one_of("MAXLEN", "MAXLEN =", "MAXLEN ~")
    least = one_of("MINID", "MINID =", "MINID ~")
    return scripts(
        cmd("XTRIM", key, how, _trim_to),
        cmd("XTRIM", key, least, _least),
        cmd("XADD", key, any_order(maybe("NOMKSTREAM"), maybe(how, _trim_to)), entry_id, _fields),
        cmd("XADD", key, any_order(maybe("NOMKSTREAM"), (least, _least)), entry_id, _fields),
        cmd("XTRIM", key, any_order((how, _trim_to), maybe("LIMIT", _number))),
        cmd(
            one_of("XTRIM", "XADD"),
            key,
            many(one_of("MAXLEN 1", "MINID 2", "LIMIT 1", "NOMKSTREAM", "MAXLEN ~", "MAXLEN", text), max=3),
            maybe("9-1 a b"),
        ),
        setup=[_log],
    )


@stage("mini.xtrim", examples=30)
def whole_nodes_go() -> Scripts:
    """Rough trimming of more than two nodes of a hundred entries."""
    return scripts(
        then(
            _long,
            cmd(
                "XTRIM",
                Key(b"k"),
                one_of(
                    ("MAXLEN ~", one_of("104", "105", "106", "0", "5", "6", "150")), ("MINID ~", one_of("101", "102"))
                ),
                maybe("LIMIT", one_of("0", "99", "100", "150", "200")),
            ),
            cmd("XRANGE", Key(b"k"), "-", "+", "COUNT 1"),
            cmd("XDEL", Key(b"k"), one_of("101-1", "150-1", "200-1")),
            cmd("XTRIM", Key(b"k"), one_of("MAXLEN", "MAXLEN ~"), one_of("4", "5", "50", "104")),
        ),
        size=1,
        wrong_arity=False,
        wrong_type=False,
    )


_group = one_of(word.filter(lambda name: name != b"d"), "a", "a")
_consumer = one_of("c1", "c2", "c1")
_make = cmd("XGROUP CREATE", key, _group, one_of("0", "0", "$", "2"), maybe("MKSTREAM"))
_groups = then(
    _log, cmd("XGROUP CREATE", Key(b"k"), "a", "0"), cmd("XGROUP CREATE", Key(b"k"), "b", one_of("$", "2-0"))
)
_take = cmd("XREADGROUP GROUP", _group, _consumer, maybe("COUNT", one_of("1", "2")), "STREAMS", key, ">")


@stage("mini.xgroup", examples=100)
def groups_come_and_go() -> Scripts:
    """XGROUP CREATE, SETID, DESTROY and consumers, of streams that are there and of others."""
    start = one_of("0", "$", "2", entry_bound)
    return scripts(
        _make,
        cmd("XGROUP CREATE", key, _group, start, any_order(maybe("MKSTREAM"), maybe("ENTRIESREAD", _number))),
        cmd("XGROUP SETID", key, _group, start, maybe("ENTRIESREAD", _number)),
        cmd("XGROUP", one_of("CREATECONSUMER", "DELCONSUMER"), key, _group, _consumer),
        cmd("XGROUP DESTROY", key, _group),
        cmd("XGROUP", one_of("CREATE", "SETID", "DESTROY", text), key, _group, start, maybe(text)),
        setup=[_groups],
    )


@stage("mini.xreadgroup", examples=100)
def each_entry_once() -> Scripts:
    """XREADGROUP with ">": two consumers, two groups, COUNT, NOACK, groups and streams that are not there."""
    return scripts(
        _take,
        _take,
        cmd("XREADGROUP GROUP", _group, _consumer, maybe("NOACK"), "STREAMS", key, keys("l", "k"), "> >"),
        cmd("XREADGROUP GROUP", _group, _consumer, any_order(maybe("NOACK"), maybe("COUNT", _number)), "STREAMS k >"),
        cmd("XREADGROUP GROUP", _group, _consumer, one_of("STREAMS k", "COUNT 1", "BLOCK 10"), maybe("STREAMS k $")),
        cmd("XREADGROUP", many(one_of("GROUP a c1", "NOACK", "COUNT 1", text), max=2), "STREAMS k", one_of(">", "+")),
        _add,
        setup=[_groups],
    )


@stage("mini.xreadgroup-history", examples=100)
def what_is_mine() -> Scripts:
    """XREADGROUP with an id: what the consumer has and has not acknowledged, even if the entry is gone."""
    return scripts(
        _take,
        cmd("XREADGROUP GROUP", _group, _consumer, maybe("COUNT", _number), "STREAMS", key, one_of("0", "1-1", "2")),
        cmd("XREADGROUP GROUP", _group, _consumer, "STREAMS", key, entry_bound),
        cmd("XDEL", key, one_of("1-1", "2-0", "3-1")),
        setup=[_groups, then(_groups, _take)],
    )


@stage("mini.xreadgroup-history", examples=20)
def what_was_never_mine() -> Scripts:
    """Entries read with NOACK, between others that are kept."""
    take = cmd("XREADGROUP GROUP a", _consumer, "COUNT 1", one_of("NOACK", ()), "STREAMS", Key(b"k"), ">")
    mine = cmd("XREADGROUP GROUP a", _consumer, "STREAMS", Key(b"k"), "0")
    return scripts(then(_groups, take, mine), then(_groups, take, take, mine, mine), wrong_type=False, size=2)


@stage("mini.xreadgroup-history", examples=30)
def a_group_waits() -> Scripts:
    """Two consumers wait; a new entry goes to the one that came first, and to that one only."""
    waits = cmd("XREADGROUP GROUP a", _consumer, maybe("COUNT 1"), "BLOCK 5000 STREAMS", Key(b"k"), ">")
    add = cmd("XADD", Key(b"k"), "*", "f", "v")
    return scripts(
        then(
            on(0, cmd("XGROUP CREATE", Key(b"k"), "a $ MKSTREAM")),
            on(1, waits),
            after(0.01, on(2, waits)),
            after(0.01, on(0, one_of_steps(add, cmd("DEL", Key(b"k")), cmd("XGROUP DESTROY", Key(b"k"), "a")))),
            on(0, one_of_steps(add, cmd("DEL", Key(b"k")))),
        ),
        size=1,
        wrong_arity=False,
        wrong_type=False,
    )


def one_of_steps(*steps: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """One of these commands."""
    return st.one_of(*steps)


_ids = many(one_of("1-1", "2-0", "3-1", "5-1", "8-0", entry_id), max=3)
_taken = then(_groups, cmd("XREADGROUP GROUP a c1 COUNT", one_of("2", "3", "5"), "STREAMS", Key(b"k"), ">"))


@stage("mini.xack")
def done() -> Scripts:
    """XACK of entries that are pending, of others, twice; what is left is asked for again."""
    return scripts(
        cmd("XACK", key, _group, _ids),
        cmd("XACK", key, _group, one_of(_ids, _bad_id)),
        cmd("XREADGROUP GROUP", _group, _consumer, "STREAMS", key, "0"),
        _take,
        setup=[_taken],
    )


@stage("mini.xpending")
def what_is_open() -> Scripts:
    """XPENDING in short and in full, with a range, a consumer, IDLE."""
    rest = (entry_bound, entry_bound, _number)
    return scripts(
        cmd("XPENDING", key, _group),
        cmd("XPENDING", key, _group, "- +", one_of("10", "1", "2"), maybe(_consumer)),
        cmd("XPENDING", key, _group, maybe("IDLE", one_of("0", "100000", "x")), rest, maybe(_consumer)),
        cmd("XPENDING", key, _group, many(one_of("IDLE", "-", "+", "1", text), max=4)),
        cmd("XACK", key, _group, _ids),
        _take,
        setup=[_taken, _groups],
    )


@stage("mini.xclaim", examples=100)
def taken_over() -> Scripts:
    """XCLAIM by another consumer, of entries that wait too short, are gone, were never given, and its options."""
    option = one_of("IDLE 5", "TIME 1", "RETRYCOUNT 7", "FORCE", "JUSTID", "LASTID 3", "IDLE x", "IDLE", text)
    return scripts(
        cmd("XCLAIM", key, _group, _consumer, one_of("0", "0", "100000"), _ids),
        cmd("XCLAIM", key, _group, _consumer, "0", _ids, any_order(maybe("FORCE"), maybe("JUSTID"))),
        cmd("XCLAIM", key, _group, _consumer, one_of("0", "x", "-1"), _ids, many(option, max=2)),
        cmd("XPENDING", key, _group),
        cmd("XDEL", key, one_of("1-1", "2-0")),
        _take,
        setup=[_taken, _taken],
    )


@stage("mini.xautoclaim")
def swept_up() -> Scripts:
    """XAUTOCLAIM from the start, on from where the last one ended, over entries that are gone."""
    option = one_of("COUNT 1", "COUNT 2", "COUNT 0", "COUNT x", "COUNT", "JUSTID", text)
    return scripts(
        cmd("XAUTOCLAIM", key, _group, _consumer, one_of("0", "0", "100000"), one_of("0", "-", "2-0", "(1-1")),
        cmd("XAUTOCLAIM", key, _group, _consumer, "0", one_of("0", entry_bound), many(option, max=2)),
        cmd("XAUTOCLAIM", key, _group, _consumer, one_of("x", "-1"), "0"),
        cmd("XPENDING", key, _group),
        cmd("XDEL", key, one_of("1-1", "2-0")),
        _take,
        setup=[_taken, _taken],
    )


@stage("mini.xinfo", examples=100)
def what_is_known() -> Scripts:
    """XINFO of streams, groups and consumers, behind deletions that make the lag of a group unknown."""
    return scripts(
        cmd("XINFO STREAM", key, maybe("FULL", maybe("COUNT", _number))),
        cmd("XINFO GROUPS", key),
        cmd("XINFO CONSUMERS", key, _group),
        cmd("XINFO", one_of("STREAM", "GROUPS", text), key, maybe(one_of("FULL COUNT", "FULL x", text))),
        cmd("XDEL", key, one_of("1-1", "2-0", "3-1", "8-0")),
        cmd("XTRIM", key, "MAXLEN", one_of("3", "1", "0")),
        cmd("XGROUP SETID", key, _group, one_of("$", "0", "2-0", "3"), maybe("ENTRIESREAD", small)),
        _take,
        _add,
        setup=[_taken, _groups],
    )


@stage("mini.xsetid")
def the_past_is_set() -> Scripts:
    """XSETID with and without its options, behind entries and deletions."""
    return scripts(
        cmd("XSETID", key, one_of("9", "8-0", "100-1", entry_bound)),
        cmd(
            "XSETID",
            key,
            one_of("9", "100-1", "7"),
            any_order(maybe("ENTRIESADDED", one_of("5", "100", _number)), maybe("MAXDELETEDID", entry_bound)),
        ),
        cmd("XSETID", key, "9", one_of("ENTRIESADDED", text)),
        cmd("XINFO STREAM", key),
        cmd("XDEL", key, one_of("8-0", "1-1")),
        cmd("XADD", key, one_of("9-1", "50-1"), "f v"),
        setup=[_log],
    )


@stage("mini.xdelex", examples=100)
def with_a_word_about_references() -> Scripts:
    """XDELEX, XACKDEL and the trimming options KEEPREF, DELREF and ACKED."""
    what = maybe(one_of("KEEPREF", "DELREF", "ACKED"))
    named = one_of(("IDS 1", entry_id), "IDS 2 1-1 2-0", "IDS 3 1-1 3-1 8-0", "IDS 2 5-1 8-0")
    wrong = one_of("IDS 2 1-1", "IDS 0 1-1", "IDS x 1-1", "IDS 1 x", "IDS 1 1-1 2-0", "IDS", "ACKED DELREF IDS 1 1-1")
    return scripts(
        cmd("XDELEX", key, what, named),
        cmd("XACKDEL", key, _group, what, named),
        cmd("XDELEX", key, one_of((named, what), wrong)),
        cmd("XACKDEL", key, _group, one_of((named, what), wrong)),
        cmd("XPENDING", key, _group),
        cmd("XREADGROUP GROUP", _group, _consumer, "STREAMS", key, "0"),
        cmd("XINFO GROUPS", key),
        cmd("XACK", key, _group, _ids),
        _take,
        setup=[_taken, _taken, _groups],
    )
