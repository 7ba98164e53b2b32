"""Scripts of commands, and the words to write generators of them in: what each stage's check is made of.

A generator says which commands meet, and with which arguments; the engine draws scripts from it, sends each to the
learner's server and to a real Redis, and compares. Nothing here says what the right reply is.

    def append() -> Scripts:
        return scripts(cmd("APPEND", key, text), cmd("GET", key), setup=[cmd("SET", key, text)])

`cmd` takes literal words and Hypothesis strategies of arguments. Everything is small on purpose: few keys, few
members, few numbers, so that commands meet; and the simple comes first, because Hypothesis shrinks towards it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from grader.resp import encode_command
from grader.wire.redis_cli import format_command, quote


class Key(bytes):
    """An argument that names a key, or a pattern of keys: the engine puts a script's own prefix before it."""

    def __repr__(self) -> str:
        return f"Key({bytes(self)!r})"


class Word(bytes):
    """A word of the command's own, such as SET or EX: its case does not matter to Redis."""

    def __repr__(self) -> str:
        return f"Word({bytes(self)!r})"


@dataclass(frozen=True, slots=True)
class Step:
    """One command, sent over one of the script's connections.

    `inline` sends it as a line of text instead of an array; `pause` is how long to wait before sending it, in
    seconds, for what only time can show; `walk` goes on with the cursor that each reply gives, until it is 0, and
    takes all that came for one reply; `raw` are bytes to send instead of a command.
    """

    args: tuple[bytes, ...]
    connection: int = 0
    inline: bool = False
    pause: float = 0.0
    walk: bool = False
    raw: bytes = b""

    @property
    def name(self) -> str:
        """The command's name in capitals; an empty text where there is none."""
        return self.args[0].decode("ascii", "replace").upper() if self.args else ""

    @property
    def names(self) -> tuple[str, str]:
        """The command's name, and its name with its second word, which may be a subcommand."""
        if len(self.args) < 2:
            return self.name, self.name
        return self.name, f"{self.name} {self.args[1].decode('ascii', 'replace').upper()}"

    def encoded(self) -> bytes:
        """The bytes that are sent."""
        if self.raw:
            return self.raw
        if self.inline:
            return format_command(self.args).encode("utf-8", "surrogateescape") + b"\r\n"
        return encode_command(*self.args)

    def prefixed(self, prefix: bytes) -> Step:
        """The same step with `prefix` before every key."""
        if not prefix or not any(type(arg) is Key for arg in self.args):
            return self
        return replace(self, args=tuple(Key(prefix + arg) if type(arg) is Key else arg for arg in self.args))

    def __str__(self) -> str:
        if self.raw:
            return f"(bytes) {quote(self.raw)}"
        remark = (
            " (as a line of text)" if self.inline else " (and on with its cursor until that is 0)" if self.walk else ""
        )
        return format_command(self.args) + remark


@dataclass(frozen=True, slots=True)
class Script:
    """Steps in the order in which they are sent; prints as one would type it into redis-cli."""

    steps: tuple[Step, ...]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def connections(self) -> int:
        """How many connections it needs."""
        return max((step.connection for step in self.steps), default=0) + 1

    def prefixed(self, prefix: bytes) -> Script:
        """The same script with `prefix` before every key."""
        return Script(tuple(step.prefixed(prefix) for step in self.steps))

    def keys(self) -> tuple[bytes, ...]:
        """Every key it names, once, in the order of their appearance."""
        return tuple(dict.fromkeys(bytes(arg) for step in self.steps for arg in step.args if type(arg) is Key))

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Each step as one would type it, with the client that types it where there are several."""
        several = self.connections > 1
        return [
            f"{f'({step.pause:g} s later) ' if step.pause else ''}"
            f"{f'client {step.connection + 1}' if several else ''}> {step}"
            for step in self.steps
        ]


# What a part of a command may be: a literal, a strategy of arguments (or of tuples of them), a tuple of parts.
Part: TypeAlias = "str | bytes | int | SearchStrategy[Any] | tuple[Any, ...]"
Steps: TypeAlias = "SearchStrategy[Step] | SearchStrategy[tuple[Step, ...]]"


def _literal(text: str) -> tuple[bytes, ...]:
    """The words of a literal; those in capitals are the command's own."""
    if not text:
        return (b"",)
    return tuple(Word(word.encode()) if word.isupper() else word.encode() for word in text.split(" "))


def _part(part: Part) -> SearchStrategy[Any]:
    match part:
        case SearchStrategy():
            return part
        case str():
            return st.just(_literal(part))
        case bytes():
            return st.just(part)
        case int():
            return st.just(b"%d" % part)
        case tuple():
            return st.tuples(*map(_part, part))
    raise TypeError(f"a part of a command is a literal, a strategy or a tuple of these, not {part!r}")


def _flat(parts: Iterable[Any], into: list[bytes]) -> list[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            into.append(part)
        elif isinstance(part, str):
            into.append(part.encode())
        elif isinstance(part, int):
            into.append(b"%d" % part)
        else:
            _flat(part, into)
    return into


def cmd(*parts: Part) -> SearchStrategy[Step]:
    """A command: its name and what follows. A text literal is split at its spaces (``"CONFIG GET"``).

    Literals in capitals are words of Redis, whose case may be varied; others are sent as they stand. A `bytes`
    literal is one argument, whatever is in it, and `Key(b"name")` one that is a key.
    """
    return st.tuples(*map(_part, parts)).map(lambda drawn: Step(tuple(_flat(drawn, []))))


def maybe(*parts: Part) -> SearchStrategy[Any]:
    """These parts, or nothing; more often nothing."""
    return st.one_of(st.just(()), st.just(()).map(_same), st.tuples(*map(_part, parts)))


def one_of(*parts: Part) -> SearchStrategy[Any]:
    """One of these parts, all as likely; a tuple is several arguments in a row."""
    return st.one_of(*map(_part, parts))


def many(*parts: Part, min: int = 1, max: int = 4) -> SearchStrategy[Any]:
    """These parts, `min` to `max` times in a row."""
    return st.lists(st.tuples(*map(_part, parts)), min_size=min, max_size=max)


def any_order(*parts: Part) -> SearchStrategy[Any]:
    """All of these parts (any of them may be a `maybe`), in any order."""
    return st.tuples(st.permutations(range(len(parts))), *map(_part, parts)).map(
        lambda drawn: [drawn[1:][place] for place in drawn[0]]
    )


def counted(*parts: Part, min: int = 1, max: int = 3, honest: bool = False) -> SearchStrategy[Any]:
    """How many, and then so many of these parts, as ZUNION and LMPOP take their keys; now and then it lies."""
    said = st.just(0) if honest else st.sampled_from([0] * 13 + [1, -1, -9])
    return st.tuples(said, many(*parts, min=min, max=max)).map(
        lambda drawn: (b"%d" % (len(drawn[1]) + drawn[0]), drawn[1])
    )


def _same(value: Any) -> Any:
    return value


def often(times: int, command: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """The same, `times` as likely as its neighbours inside `scripts`, `one_of` or `some`."""
    return st.one_of(*(command.map(_same) for _ in range(times)))


def _steps(drawn: Any) -> tuple[Step, ...]:
    """The steps in whatever was drawn: a step, or a nest of them."""
    if isinstance(drawn, Step):
        return (drawn,)
    return tuple(step for each in drawn for step in _steps(each))


def then(*commands: SearchStrategy[Any]) -> SearchStrategy[tuple[Step, ...]]:
    """These commands one after the other, as one: ``then(cmd("MULTI"), some(…), cmd("EXEC"))``."""
    return st.tuples(*commands).map(_steps)


def some(*commands: SearchStrategy[Any], min: int = 0, max: int = 4) -> SearchStrategy[tuple[Step, ...]]:
    """`min` to `max` of these commands, in any order and any of them again."""
    return st.lists(st.one_of(*commands), min_size=min, max_size=max).map(_steps)


def on(connection: int, command: SearchStrategy[Any]) -> SearchStrategy[tuple[Step, ...]]:
    """The same over another connection; 0 is the first."""
    return command.map(lambda drawn: tuple(replace(step, connection=connection) for step in _steps(drawn)))


def anywhere(connections: int, command: SearchStrategy[Any]) -> SearchStrategy[tuple[Step, ...]]:
    """The same over any of the first `connections` connections."""
    return st.tuples(st.integers(0, connections - 1), command).map(
        lambda drawn: tuple(replace(step, connection=drawn[0]) for step in _steps(drawn[1]))
    )


def after(seconds: float, command: SearchStrategy[Any]) -> SearchStrategy[tuple[Step, ...]]:
    """The same, but its first step is sent `seconds` later: for what only time can show. Keep it short."""

    def paused(drawn: Any) -> tuple[Step, ...]:
        first, *rest = _steps(drawn)
        return (replace(first, pause=seconds), *rest)

    return command.map(paused)


def inline(command: SearchStrategy[Any]) -> SearchStrategy[tuple[Step, ...]]:
    """The same as a line of text, as a person types it over telnet."""
    return command.map(lambda drawn: tuple(replace(step, inline=True) for step in _steps(drawn)))


def walk(command: SearchStrategy[Any]) -> SearchStrategy[tuple[Step, ...]]:
    """A whole walk with SCAN or one of its family: again with each cursor, until that is 0.

    All that came is compared as a set: how many steps a walk has, and what each of them brings, is no promise.
    """
    return command.map(lambda drawn: tuple(replace(step, walk=True) for step in _steps(drawn)))


def raw(data: bytes | SearchStrategy[bytes]) -> SearchStrategy[Step]:
    """These bytes as they are, for what is no command at all."""
    given = st.just(data) if isinstance(data, bytes) else data
    return given.map(lambda drawn: Step((), raw=drawn))


# Arguments. The first of each list is what a failure shrinks to, and lists repeat what shall come often.

ODD_TEXTS = (
    b"",
    b" ",
    b"\r\n",
    b"a\r\nb",
    b"$3\r\nfoo\r\n",
    b"\x00",
    b"\x00\x01\xfe\xff",
    b"caf\xc3\xa9",
    b'"quoted"',
    b"it's",
    b"+OK",
    b"-ERR x",
    b"*1",
    b"nil",
    b"x" * 70,
    b"0123456789" * 20,
)


def keys(*names: str | bytes) -> SearchStrategy[Key]:
    """One of these keys, the first most often."""
    pool = [Key(name if isinstance(name, bytes) else name.encode()) for name in names]
    weights = [max(1, 8 >> 2 * place) for place in range(len(pool))]
    return st.sampled_from([name for name, weight in zip(pool, weights, strict=True) for _ in range(weight)])


key: SearchStrategy[Key] = keys("k", "l", "m")
odd_key: SearchStrategy[Key] = keys("k", "l", b"", b"a b", b"\x00\xff", b"{k}1", b"*")
missing_key: SearchStrategy[Key] = st.just(Key(b"nothing"))
key_pattern: SearchStrategy[Key] = st.sampled_from(
    [Key(p) for p in (b"*", b"k", b"?", b"k*", b"[kl]", b"[^k]", b"[a-k]", b"\\k", b"*k*", b"", b"[k", b"k\\", b"k?")]
)

word: SearchStrategy[bytes] = st.sampled_from([b"a", b"b", b"c", b"d"])
plain: SearchStrategy[bytes] = st.one_of(word, st.text("abcxyz019 .-", max_size=12).map(str.encode))
binary: SearchStrategy[bytes] = st.binary(max_size=12)
numeral: SearchStrategy[bytes] = st.integers(-20, 200).map(lambda number: b"%d" % number)
text: SearchStrategy[bytes] = st.one_of(
    word,
    numeral,
    st.sampled_from(ODD_TEXTS),
    st.text("abcxyz019 .-", max_size=12).map(str.encode),
    binary,
    st.sampled_from([b"caf\xc3\xa9", b"1.5", b"\xff", b"-0", b"", b"9" * 18, b"1e3"]),
)
"""A value: a letter, a short text, a number as text, the odd ones, any bytes."""
long_text: SearchStrategy[bytes] = st.sampled_from([b"x" * 45, b"y" * 64, b"z" * 65, b"w" * 1024, b"\r\n" * 5000])

field_: SearchStrategy[bytes] = st.sampled_from(
    [b"a", b"a", b"a", b"b", b"b", b"c", b"d", b"1", b"2", b"10", b"", b"a b", b"\r\n", b"\xff", b"e" * 65]
)
member: SearchStrategy[bytes] = field_.map(_same)
int_member: SearchStrategy[bytes] = st.sampled_from([b"1", b"2", b"3", b"-5", b"70000", b"9223372036854775807"])
fieldname = field_

MAX = 2**63 - 1
_NUMBER_EDGES = (b"9223372036854775807", b"-9223372036854775808", b"9223372036854775808", b"-9223372036854775809")
_NO_NUMBERS = (b"+1", b" 1", b"1 ", b"01", b"-0", b"1.0", b"", b"abc", b"0x10", b"1e2", b"1\x00", b"--1", b"1" * 30)

small: SearchStrategy[bytes] = st.sampled_from([b"%d" % n for n in (1, 0, 2, 3, 4, 5, 10, -1, -2, -3)])
natural: SearchStrategy[bytes] = st.sampled_from([b"%d" % n for n in (1, 2, 3, 0, 4, 5, 10, 100)])
valid_integer: SearchStrategy[bytes] = st.one_of(small, numeral, st.sampled_from(_NUMBER_EDGES[:2]))
no_integer: SearchStrategy[bytes] = st.sampled_from(_NO_NUMBERS + _NUMBER_EDGES[2:])
integer: SearchStrategy[bytes] = st.one_of(
    small, small.map(_same), numeral, numeral.map(_same), st.sampled_from(_NUMBER_EDGES), st.sampled_from(_NO_NUMBERS)
)
"""A number, mostly a small one; the edges of 64 bits and beyond; what looks like one and is none."""
count: SearchStrategy[bytes] = st.sampled_from(
    [b"1", b"2", b"3", b"0", b"5", b"100", b"1", b"2", b"3", b"-1", b"-2", b"x", b"", b"9223372036854775808"]
)
index: SearchStrategy[bytes] = st.one_of(
    st.sampled_from([b"0", b"-1", b"1", b"2", b"-2", b"3", b"-3", b"5", b"-5", b"100", b"-100"]),
    st.sampled_from([b"0", b"-1", b"1", b"2", b"-2"]),
    st.sampled_from([b"x", b"1.5", b"", *_NUMBER_EDGES]),
)

double: SearchStrategy[bytes] = st.one_of(
    st.sampled_from([b"1", b"0", b"2", b"3", b"-1", b"0.5", b"1.5", b"-2.25", b"3.0", b"10"]),
    st.sampled_from([b"0.1", b"0.3", b"1e3", b"1E-3", b"1e21", b"3.14159265358979", b"17179869184", b"123456789.125"]),
    st.floats(-1000, 1000).map(lambda number: repr(number).encode()),
)
"""A number with a fraction that Redis takes anywhere."""
score: SearchStrategy[bytes] = st.one_of(
    st.sampled_from([b"1", b"2", b"3", b"0", b"-1", b"1.5", b"1", b"2", b"5"]),
    double,
    st.sampled_from([b"inf", b"-inf", b"+inf", b"-0", b"1e400", b"1e-400", b"4.9e-324", b"1.7976931348623157e308"]),
    st.sampled_from([b"nan", b"0x10", b"Infinity", b"x", b"", b" 1", b"1 ", b"1e", b".5", b"5.", b"9007199254740993"]),
)
good_score: SearchStrategy[bytes] = st.sampled_from(
    [b"1", b"2", b"3", b"0", b"-1", b"1.5", b"0.1", b"-inf", b"inf", b"1e20", b"1e-7", b"3.0", b"100"]
)
bound: SearchStrategy[bytes] = st.sampled_from(
    [b"-inf", b"+inf", b"1", b"2", b"3", b"0", b"(1", b"(2", b"1.5", b"(-inf", b"inf", b"-1", b"[1", b"(", b"x", b"nan"]
)
"""An end of a range of scores: with ( it is left out; some are wrong."""
lex_bound: SearchStrategy[bytes] = st.sampled_from(
    [b"-", b"+", b"[a", b"[b", b"(b", b"[c", b"(c", b"[", b"(", b"a", b"", b"[1", b"-a", b"[\xff"]
)

LATER = (b"100", b"1000", b"100000", b"1000000000")
seconds: SearchStrategy[bytes] = st.one_of(
    st.sampled_from(LATER),
    st.sampled_from(LATER).map(_same),
    st.sampled_from(
        [b"0", b"-1", b"x", b"", b"1.5", b"9223372036854775807", b"9223372036854775", b"-9223372036854775808"]
    ),
)
"""A time to live: long enough that nothing ends while a script runs, in the past, or wrong."""
milliseconds: SearchStrategy[bytes] = st.one_of(
    st.sampled_from((b"100000", b"1000000", b"100001")),
    st.sampled_from([b"0", b"-1", b"x", b"1.5", b"9223372036854775807", b"-9223372036854775808"]),
)
YEAR_2100 = 4_102_444_800
at_seconds: SearchStrategy[bytes] = st.sampled_from(
    [b"4102444800", b"4102444801", b"4102444800", b"1", b"0", b"-1", b"x", b"9223372036854775807"]
)
"""A Unix time in seconds: in the year 2100, long gone, or wrong."""
at_milliseconds: SearchStrategy[bytes] = st.sampled_from(
    [b"4102444800000", b"4102444800001", b"4102444800000", b"1", b"0", b"-1", b"x", b"9223372036854775807"]
)

pattern: SearchStrategy[bytes] = st.sampled_from(
    [b"*", b"a", b"?", b"a*", b"[ab]", b"[^a]", b"[a-c]", b"*a*", b"\\a", b"", b"[a", b"**", b"[]", b"[c-a]", b"\\"]
)
channel: SearchStrategy[bytes] = st.sampled_from([b"news", b"news", b"news.art", b"", b"\xff", b"n*"])
entry_id: SearchStrategy[bytes] = st.sampled_from(
    [
        b"1-1",
        b"1-2",
        b"2-1",
        b"3-0",
        b"2",
        b"5-5",
        b"1-1",
        b"2-*",
        b"0-1",
        b"0-0",
        b"18446744073709551615-18446744073709551615",
    ]
)
"""The id of a stream entry, given in full: nothing the clock chooses."""
entry_bound: SearchStrategy[bytes] = st.sampled_from(
    [b"-", b"+", b"1-1", b"2", b"(1-1", b"(2", b"0", b"3-0", b"5-5", b"(-", b"x", b"1-x", b"", b"1-1-1"]
)
bit: SearchStrategy[bytes] = st.sampled_from([b"1", b"0", b"1", b"0", b"2", b"-1", b"x"])
offset: SearchStrategy[bytes] = st.sampled_from(
    [b"0", b"1", b"7", b"8", b"15", b"100", b"1023", b"-1", b"x", b"", b"4294967296"]
)


# How other types come to lie under the keys of a script: by the command that must be there.
OF_OTHER_TYPES: dict[str, tuple[bytes, ...]] = {
    "SET": (b"v",),
    "RPUSH": (b"a", b"b"),
    "SADD": (b"a", b"b"),
    "HSET": (b"a", b"1"),
    "ZADD": (b"1", b"a"),
    "XADD": (b"1-1", b"f", b"v"),
}


@dataclass(frozen=True)
class Scripts:
    """A generator of scripts, written by `scripts`; `strategy` makes the Hypothesis strategy of it."""

    commands: tuple[SearchStrategy[Any], ...]
    setup: tuple[SearchStrategy[Any], ...] = ()
    size: int = 12
    wrong_arity: bool = True
    wrong_type: bool = True
    pool: SearchStrategy[Key] = field(default=key)
    back: tuple[Step, ...] = ()

    def strategy(self, known: Collection[str] | None = None, *, least: int = 1) -> SearchStrategy[Script]:
        """The scripts of `least` to `size` drawn commands behind up to three of `setup`.

        `known` are the commands that the learner's server has by now: only with those are keys of other types
        put in the way (all of them where it is None).
        """
        before: SearchStrategy[Any] = st.just(())
        if self.setup:
            before = st.lists(st.one_of(*self.setup), max_size=3)
        other: SearchStrategy[Any] = st.just(())
        makers = [name for name in OF_OTHER_TYPES if known is None or name in known]
        if self.wrong_type and len(makers) > 1:
            made = st.tuples(st.sampled_from(makers), self.pool).map(_of_another_type)
            other = st.one_of(st.just(()), st.just(()).map(_same), st.just(()).map(lambda none: none), made)
        noise: SearchStrategy[Any] = st.just(None)
        if self.wrong_arity:
            noise = st.one_of(
                *(st.none().map(_same) for _ in range(3)), st.tuples(st.integers(0, 30), st.integers(0, 3))
            )
        drawn = st.lists(st.one_of(*self.commands), min_size=least, max_size=self.size)
        return st.tuples(other, before, drawn, noise).map(_assembled)


def _of_another_type(drawn: tuple[str, Key]) -> Step:
    maker, name = drawn
    return Step((Word(maker.encode()), name, *OF_OTHER_TYPES[maker]))


def _assembled(drawn: tuple[Any, Any, Any, tuple[int, int] | None]) -> Script:
    other, before, main, noise = drawn
    ahead, steps = _steps((other, before)), list(_steps(main))
    if noise and steps:
        place = noise[0] % len(steps)
        steps[place] = _of_wrong_arity(steps[place], noise[1])
    return Script((*ahead, *steps))


def _of_wrong_arity(step: Step, how: int) -> Step:
    """One argument too many, or some of the last ones missing; never a subcommand alone without its command."""
    if how == 0:
        return replace(step, args=(*step.args, b"x"))
    return replace(step, args=step.args[: max(1, len(step.args) - how)])


def scripts(
    *commands: SearchStrategy[Any],
    setup: Sequence[SearchStrategy[Any]] = (),
    size: int = 12,
    wrong_arity: bool = True,
    wrong_type: bool = True,
    pool: SearchStrategy[Key] = key,
    back: Sequence[Step] = (),
) -> Scripts:
    """Scripts of these commands, up to `size` of them, any of them again and all of them meeting on few keys.

    `setup` are commands of which up to three come first. Now and then one command has an argument too many or
    too few (`wrong_arity`), and one of the keys of `pool` already holds another type (`wrong_type`), as far as
    the server has a command that makes one. `back` puts back what a script may have changed besides keys: it is sent
    before each, and not compared.
    """
    if not commands:
        raise ValueError("a generator of scripts needs at least one command")
    return Scripts(commands, tuple(setup), size, wrong_arity, wrong_type, pool, tuple(back))


def mixed_case(step: Step) -> Step:
    """The step with the letters of its words in turn small and large: `sEt`, `eX`."""
    return _with_words(step, lambda name: bytes(b | 0x20 if place % 2 == 0 else b for place, b in enumerate(name)))


def lower_case(step: Step) -> Step:
    """The step with its words in small letters."""
    return _with_words(step, bytes.lower)


def _with_words(step: Step, change: Callable[[bytes], bytes]) -> Step:
    args = tuple(Word(change(arg)) if type(arg) is Word else arg for arg in step.args)
    return replace(step, args=args)
