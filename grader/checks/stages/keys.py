"""The stages of keys: what is there, how long, under which name, and how one walks over all of it."""

from __future__ import annotations

import contextlib
import socket
import time

from hypothesis import strategies as st

from grader.checks.agreement.play import Player
from grader.checks.agreement.script import (
    Key,
    Script,
    Scripts,
    Step,
    after,
    any_order,
    anywhere,
    at_milliseconds,
    at_seconds,
    cmd,
    count,
    key,
    key_pattern,
    many,
    maybe,
    milliseconds,
    odd_key,
    one_of,
    scripts,
    seconds,
    text,
    then,
    walk,
    word,
)
from grader.checks.stages.dialogue import PATIENCE, Line, connected, same_dialogue
from grader.checks.stages.registry import UnderTest, stage, stage_probe
from grader.checks.verdict import Broken, show
from grader.resp import encode_command
from grader.servers import Server

_K = Key(b"k")
_later = st.sampled_from([b"100", b"1000", b"100000"])
_set = cmd("SET", key, text)
_set_with_end = cmd("SETEX", key, _later, text)
_flush = one_of("FLUSHDB", "FLUSHALL", "FLUSHDB ASYNC", "FLUSHALL SYNC", "FLUSHALL FOO")


@stage("mini.exists")
def how_many_are_there() -> Scripts:
    """EXISTS and TOUCH, of one key, of several, of the same one twice."""
    return scripts(cmd("EXISTS", many(key)), cmd("TOUCH", many(key)), setup=[_set])


@stage("mini.del")
def removed() -> Scripts:
    """DEL and UNLINK, and what is left."""
    return scripts(
        cmd("DEL", many(key)), cmd("UNLINK", many(key)), cmd("GET", key), cmd("EXISTS", many(key)), setup=[_set]
    )


@stage("mini.type")
def of_which_type() -> Scripts:
    """TYPE of strings, of nothing, and of what else there is."""
    return scripts(cmd("TYPE", key), cmd("DEL", key), setup=[_set])


@stage("mini.dbsize")
def how_many_in_all() -> Scripts:
    """DBSIZE, FLUSHDB and FLUSHALL."""
    twice = cmd(_flush, one_of("SYNC SYNC", "SYNC FOO", "ASYNC x"))
    return scripts(cmd("DBSIZE"), cmd(_flush), twice, cmd("DEL", many(key)), cmd("SET", key, text), setup=[_set])


_letters = st.text("abc-^]\\", max_size=3)
_glob = st.one_of(
    key_pattern,
    st.lists(
        st.sampled_from(["*", "?", "k", "a", "b", "[ab]", "[^a]", "[a-c]", "[c-a]", "\\*", "\\", "[", "]", "-", "^"]),
        max_size=5,
    ).map(lambda parts: Key("".join(parts).encode())),
    _letters.map(lambda inside: Key(f"*[{inside}]*".encode())),
    _letters.map(lambda inside: Key(f"[^{inside}]".encode())),
)
_name = st.one_of(odd_key, st.text("abk*?[]^-\\", max_size=4).map(lambda name: Key(name.encode())))


@stage("mini.keys", examples=150)
def names_that_match() -> Scripts:
    """KEYS with patterns of all kinds over names in which the patterns' own signs occur."""
    return scripts(
        cmd("KEYS", _glob), cmd("KEYS", _glob), cmd("SET", _name, word), cmd("DEL", _name),
        setup=[cmd("MSET", many(_name, word, max=5))], wrong_arity=False,
    )  # fmt: skip


@stage("mini.expire")
def how_long_yet() -> Scripts:
    """EXPIRE, PEXPIRE, TTL and PTTL, with times that are long, past, too long and no numbers."""
    return scripts(
        cmd("EXPIRE", key, seconds),
        cmd("PEXPIRE", key, milliseconds),
        cmd("TTL", key),
        cmd("PTTL", key),
        cmd("SET", key, text),
        cmd("GET", key),
        cmd("INCR", key),
        cmd("APPEND", key, text),
        cmd("GETSET", key, text),
        cmd("DEL", key),
        setup=[_set, then(_set, cmd("EXPIRE", key, _later))],
        wrong_arity=False,
    )


@stage_probe("mini.expire")
def seconds_are_the_nearest_ones(theirs: UnderTest, real: Server) -> None:
    """TTL rounds: what ends in 10 s has 10 to go a millisecond later, and not 9. Asked between two PTTLs."""
    with connected(theirs) as sock:
        for duration in (10_000, 100_900, 100_450, 100_100, 400):
            asked = (("SET", "k", "x"), ("PEXPIRE", "k", str(duration)), ("PTTL", "k"), ("TTL", "k"), ("PTTL", "k"))
            sock.sendall(b"".join(encode_command(*words) for words in asked))
            lines = _lines(sock, len(asked))
            if len(lines) < len(asked) or not all(line[:1] == b":" for line in lines[2:]):
                raise Broken("PTTL and TTL of a key that has an end are integers", f"they are {show(lines[2:])}")
            before, seconds, after = (int(line[1:]) for line in lines[2:])
            least, most = ((left + 500) // 1000 for left in (after, before))
            if not least <= seconds <= most and after >= 0:
                raise Broken(
                    f"{before} ms before its end TTL of a key is {most}, the nearest second",
                    f"it is {seconds}",
                    "ttl-rounds-down" if seconds == before // 1000 else None,
                )


def _lines(sock: socket.socket, count: int) -> list[bytes]:
    """So many replies of one line; fewer if the server stops."""
    sock.settimeout(PATIENCE)
    heard = b""
    with contextlib.suppress(OSError):
        while heard.count(b"\r\n") < count and (data := sock.recv(4096)):
            heard += data
    return heard.split(b"\r\n")[:-1]


@stage("mini.expire", examples=30)
def one_argument_too_many() -> Scripts:
    """Too few arguments, and an option that nobody knows."""
    return scripts(cmd("EXPIRE", key, seconds), cmd("PEXPIRE", key, milliseconds), cmd("TTL", key), setup=[_set])


@stage("mini.lazy-expiry", examples=10)
def gone_when_asked_for() -> Scripts:
    """After its end a key is gone for every command that looks at it."""
    looks = one_of("GET", "EXISTS", "TYPE", "TTL", "STRLEN", "INCR", "GETDEL", "DEL", "PTTL")
    return scripts(
        then(
            cmd("SET", _K, text),
            cmd("PEXPIRE", _K, st.sampled_from([b"15", b"25"])),
            after(0.05, cmd(looks, _K)),
            cmd(looks, _K),
            cmd("APPEND", _K, word),
            cmd("TTL", _K),
        ),
        size=1,
        wrong_type=False,
        wrong_arity=False,
    )


@stage("mini.persist")
def for_ever_again() -> Scripts:
    """PERSIST of keys with and without an end."""
    return scripts(
        cmd("PERSIST", key), cmd("TTL", key), cmd("EXPIRE", key, _later),
        setup=[_set, then(_set, cmd("EXPIRE", key, _later))],
    )  # fmt: skip


@stage("mini.persist", examples=6)
def over_is_over() -> Scripts:
    """A key whose time has come is not brought back."""
    ended = then(cmd("SET", key, "a"), cmd("PEXPIRE", key, "1"), after(0.03, cmd("PERSIST", key)), cmd("EXISTS", key))
    return scripts(ended, size=1, wrong_arity=False, wrong_type=False)


@stage("mini.expireat")
def moments() -> Scripts:
    """Ends given and told as moments, in seconds and milliseconds."""
    return scripts(
        cmd("EXPIREAT", key, at_seconds),
        cmd("PEXPIREAT", key, at_milliseconds),
        cmd("EXPIRETIME", key),
        cmd("PEXPIRETIME", key),
        cmd("TTL", key),
        cmd("GET", key),
        setup=[_set, _set_with_end],
    )


@stage_probe("mini.expireat")
def a_moment_is_kept_to_the_millisecond(theirs: UnderTest, real: Server) -> None:
    """What was given as a moment is told as that moment, and in seconds as the nearest one."""
    lines: list[Line] = [(1, ("SET", "k", "x"))]
    for moment in ("4000000000000", "4000000000400", "4000000000600", "4000000000999"):
        lines += [(1, ("PEXPIREAT", "k", moment)), (1, ("PEXPIRETIME", "k")), (1, ("EXPIRETIME", "k"))]
    lines += [(1, ("EXPIREAT", "k", "4000000000")), (1, ("PEXPIRETIME", "k")), (1, ("EXPIRETIME", "k"))]
    same_dialogue(theirs, real, lines)


_CONDITIONS = ("NX", "XX", "GT", "LT")
_condition = one_of(*_CONDITIONS, "", "XX GT", "LT XX", "NX NX", "NX XX", "GT LT", "NX GT", "FOO", "NX FOO")


# Whether the same duration again ends later than before depends on the millisecond, so they are all different.
_distinct = st.integers(300, 10**8).map(lambda number: b"%d" % number)


@stage("mini.expire-conditions", examples=100)
def only_sooner_only_later() -> Scripts:
    """NX, XX, GT and LT, on keys with a sooner end, a later one and none."""
    return scripts(
        cmd("EXPIRE", key, _distinct, _condition),
        cmd("PEXPIRE", key, one_of(_distinct, "0", "x"), _condition),
        cmd("EXPIREAT", key, at_seconds, _condition),
        cmd("PEXPIREAT", key, at_milliseconds, any_order(*(maybe(word) for word in _CONDITIONS))),
        cmd("TTL", key),
        cmd("PERSIST", key),
        setup=[_set, _set_with_end],
    )


_DYING, _LIVING = 35, 5
_PATIENCE = 3.0


@stage_probe("mini.active-expiry")
def gone_though_nobody_asks(theirs: UnderTest, real: Server) -> None:
    """Keys whose time has come do not stay because nobody reads them: DBSIZE tells."""
    names = [b"dies:%d" % number for number in range(_DYING)]
    end = [Step((b"PEXPIRE", name, b"20")) for name in names]
    with Player(theirs) as player:
        names += [b"lives:%d" % number for number in range(_LIVING)]
        player.play(Script((Step((b"FLUSHALL",)), Step((b"MSET", *_pairs(names))), *end)))
        until = time.monotonic() + _PATIENCE
        while (left := _one_reply(player, b"DBSIZE")) != _LIVING and time.monotonic() < until:
            time.sleep(0.02)  # between two questions
    if left != _LIVING:
        raise Broken(
            f"keys are removed when their time has come, though nobody asks for them: of {len(names)} keys {_DYING} "
            f"were given 20 milliseconds, and DBSIZE comes down to {_LIVING}",
            f"after {_PATIENCE:g} seconds it was {left!r}",
        )


def _one_reply(player: Player, *args: bytes) -> object:
    """The reply to one command; None where none came."""
    frames = player.play(Script((Step(args),))).answers[0].frames
    return frames[0].value if frames else None


@stage("mini.rename")
def another_name() -> Scripts:
    """RENAME and RENAMENX: onto itself, onto another, with and without an end."""
    return scripts(
        cmd("RENAME", key, key),
        cmd("RENAMENX", key, key),
        cmd("GET", key),
        cmd("TTL", key),
        setup=[_set, _set_with_end],
    )


@stage("mini.copy")
def a_second_one() -> Scripts:
    """COPY within the database and to another; the copy has a life of its own."""
    number = st.sampled_from([b"1", b"0", b"15", b"16", b"-1", b"x", b"99999999999"])
    return scripts(
        cmd("COPY", key, key, maybe("REPLACE")),
        cmd("COPY", key, key, any_order(maybe("REPLACE"), maybe("DB", number))),
        cmd("COPY", key, key, one_of("DB", "FOO", "REPLACE DB")),
        cmd("APPEND", key, text),
        cmd("TTL", key),
        setup=[_set, _set_with_end, then(_set, cmd("APPEND", key, text))],
    )


_number = st.sampled_from([b"0", b"1", b"1", b"2", b"15", b"16", b"-1", b"x", b"", b"99999999999"])


@stage("mini.select")
def one_of_sixteen() -> Scripts:
    """SELECT, over two connections that must not disturb each other."""
    index = st.sampled_from([b"0", b"1", b"2", b"15", b"16", b"-1", b"x", b"", b"1.0"])
    return scripts(
        anywhere(2, cmd("SELECT", index)), anywhere(2, cmd("SET", key, text)), anywhere(2, cmd("GET", key)),
        wrong_arity=False,
    )  # fmt: skip


@stage("mini.move")
def from_one_to_another() -> Scripts:
    """MOVE, SWAPDB and SELECT."""
    return scripts(
        cmd("MOVE", key, _number),
        cmd("SWAPDB", _number, _number),
        cmd("SELECT", st.sampled_from([b"0", b"1", b"2", b"15"])),
        cmd("SET", key, text),
        cmd("GET", key),
        cmd("TTL", key),
        cmd("DBSIZE"),
        setup=[_set, _set_with_end],
    )


@stage("mini.randomkey", examples=30)
def any_key() -> Scripts:
    """RANDOMKEY of none, one and several."""
    return scripts(cmd("RANDOMKEY"), cmd("DEL", many(key)), cmd("SET", key, text), setup=[_set], wrong_arity=False)


@stage("mini.scan")
def all_of_them_in_pages() -> Scripts:
    """A walk over none, a few and many keys, and cursors that are no cursors."""
    cursor = st.sampled_from([b"0", b"x", b"", b"-1", b"1.5", b"18446744073709551616", b"0"])
    crowd = [(Key(b"key:%d" % number), b"x") for number in range(60)]
    return scripts(
        walk(cmd("SCAN", "0")),
        cmd("SCAN", cursor),
        cmd("DEL", many(key)),
        cmd("DEL", st.just([name for name, _ in crowd[:30]])),
        setup=[_set, cmd("MSET", st.just(crowd))],
        wrong_arity=False,
    )


@stage("mini.scan-match")
def some_of_them_in_pages() -> Scripts:
    """MATCH, COUNT and TYPE in any order, right and wrong."""
    crowd = [(Key(b"key:%d" % number), b"x") for number in range(30)]
    kind = st.sampled_from([b"string", b"list", b"STRING", b"zset", b"hash"])
    options = any_order(maybe("MATCH", _glob), maybe("COUNT", count), maybe("TYPE", kind))
    return scripts(
        walk(cmd("SCAN", "0", options)),
        cmd("SCAN", "0", options),
        cmd("SCAN", "0", one_of("MATCH", "COUNT", "TYPE", "FOO", "NOVALUES", ("FOO", "1"))),
        setup=[_set, cmd("MSET", st.just(crowd))],
    )


_STAYING = 400


@stage_probe("mini.scan")
def who_stays_is_seen(theirs: UnderTest, real: Server) -> None:
    """Keys come and go between the pages; those that are there all the time are all seen."""
    staying = [b"stays:%d" % number for number in range(_STAYING)]
    going = [b"goes:%d" % number for number in range(_STAYING)]
    with Player(theirs) as player:
        player.play(Script((Step((b"FLUSHALL",)), Step((b"MSET", *_pairs(going + staying))))))
        seen: set[bytes] = set()
        cursor, page = b"0", 0
        while page == 0 or cursor != b"0":
            reply = _one_reply(player, b"SCAN", cursor)
            if not isinstance(reply, list) or len(reply) != 2 or page > 10 * _STAYING:
                raise Broken("a walk with SCAN comes to its end", f"after {page} pages came {reply!r}")
            cursor = reply[0]
            seen.update(reply[1])
            player.play(
                Script(
                    (Step((b"SET", b"comes:%d" % page, b"x")), Step((b"DEL", *going[5 * page : 5 * page + 5], b"x")))
                )
            )
            page += 1
    if missing := [name for name in staying if name not in seen]:
        raise Broken(
            f"a walk with SCAN sees all {_STAYING} keys that are there from its first page to its last, while others "
            "come and go",
            f"it missed {len(missing)} of them, such as {missing[0].decode()}",
        )


def _pairs(names: list[bytes]) -> list[bytes]:
    return [each for name in names for each in (name, b"x")]


_NUMBERS = st.lists(
    st.sampled_from([b"1", b"2", b"3", b"10", b"-1", b"1.5", b"1e3", b"inf", b"0", b"x", b"", b"0x10", b"1 ", b"2"]),
    min_size=1,
    max_size=6,
)
_GOOD_NUMBERS = st.lists(st.integers(-20, 20).map(lambda number: b"%d" % number), min_size=1, max_size=8)
_WORDS = st.lists(st.sampled_from([b"a", b"b", b"ab", b"B", b"10", b"9", b"", b"\xff", b"a b"]), max_size=6, min_size=1)
_limit = ("LIMIT", one_of("0", "1", "2", "-1", "10", "x"), one_of("1", "2", "-1", "0", "10", "x"))
_to_sort = [
    cmd("RPUSH", key, _GOOD_NUMBERS),
    cmd("RPUSH", key, _NUMBERS),
    cmd("RPUSH", key, _WORDS),
    cmd("SADD", key, _GOOD_NUMBERS),
    cmd("SADD", key, _WORDS),
    cmd("ZADD", key, "1", "3", "2", "1", "3", "2"),
]


@stage("mini.sort", examples=100)
def in_another_order() -> Scripts:
    """SORT of lists, sets and sorted sets, by number and by text, cut and stored."""
    options = any_order(maybe(_limit), maybe(one_of("ASC", "DESC")), maybe("ALPHA"), maybe("STORE", key))
    return scripts(
        cmd("SORT", key, options),
        cmd("SORT", key, one_of("ALPHA", "DESC", "ALPHA DESC", "")),
        cmd("SORT_RO", key, options),
        cmd("SORT", key, one_of("LIMIT 1", "STORE", "FOO", "LIMIT")),
        setup=_to_sort,
    )


@stage("mini.sort-by", examples=100)
def by_what_lies_elsewhere() -> Scripts:
    """BY and GET with strings, hashes and nothing; BY without a star."""
    weights = st.lists(
        st.tuples(
            st.sampled_from([Key(b"w_%d" % number) for number in (1, 2, 3, 10)]),
            st.sampled_from([b"1", b"2", b"3", b"0.5", b"-1", b"x", b"5"]),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda pair: pair[0],
    )
    pattern = st.sampled_from([Key(b"w_*"), Key(b"h_*->f"), Key(b"h_*->"), Key(b"w_*->f"), Key(b"*"), Key(b"v_*")])
    get = ("GET", one_of(pattern, "#", "nosort"))
    # By text, different elements never weigh the same: only by number does Redis say which of them comes first.
    others = (many(get, min=0, max=2), maybe(_limit), maybe("DESC"))
    options = one_of(
        any_order(maybe("BY", one_of(pattern, "nosort")), *others), any_order(maybe("BY", "nosort"), *others, "ALPHA")
    )
    words = then(
        cmd("DEL", key),
        cmd("RPUSH", key, "1", "10", "3", "2", "3"),
        cmd("MSET", Key(b"a_1"), "pear", Key(b"a_2"), "fig", Key(b"a_3"), "Apple", Key(b"a_10"), "figs"),
        cmd("SORT", key, any_order(("BY", Key(b"a_*")), *others, "ALPHA")),
    )
    lists = one_of("RPUSH", "SADD")
    return scripts(
        cmd("SORT", key, options),
        cmd("SORT", key, "BY", pattern, maybe("DESC"), maybe(get)),
        cmd("SORT", key, options, "STORE", key),
        cmd("SORT_RO", key, "BY", "nosort", maybe("DESC"), maybe(_limit)),
        words,
        setup=[
            cmd(lists, key, _GOOD_NUMBERS), cmd("RPUSH", key, "1", "2", "3", "10"), cmd("MSET", weights),
            cmd("HSET", Key(b"h_1"), "f", "7"), cmd("HSET", Key(b"h_2"), "f", "4"),
            cmd("ZADD", key, "1", "3", "2", "1", "3", "2"),
        ],
    )  # fmt: skip


@stage("mini.object", encoding=True)
def how_it_is_kept() -> Scripts:
    """OBJECT ENCODING of strings short and long, numbers, changed ones; the other subcommands."""
    sizes = st.sampled_from([b"x" * 20, b"x" * 45, b"1", b"01", b"-5", b"9" * 18, b"9" * 19, b"9" * 20, b""])
    return scripts(
        cmd("OBJECT", one_of("ENCODING", "REFCOUNT", "IDLETIME", "FREQ", "HELP", "FOO"), key),
        cmd("OBJECT ENCODING", key),
        cmd("OBJECT HELP"),
        cmd("APPEND", key, text),
        cmd("SETRANGE", key, "1", word),
        cmd("INCR", key),
        cmd("GETSET", key, sizes),
        cmd("COPY", key, key),
        cmd("RENAME", key, key),
        setup=[cmd("SET", key, sizes), cmd("SET", key, text), cmd("SETEX", key, "100", sizes)],
    )
