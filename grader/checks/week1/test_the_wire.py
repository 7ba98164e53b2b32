"""Promises of the notebook 04-the-wire.

Most answers here are functions on bytes, so most checks need no server; the bytes they use are what Redis sends, some
made with a seeded random generator. Where a real Redis is the judge, `_dial` opens a plain socket to it. Where the way
the bytes arrive matters, a `ScriptedSocket` decides it.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from redis import Redis
from redis.connection import SSLConnection

from grader.checks import Answer, AnswerProblem, Broken, broken, exercise, expect
from grader.checks.bytes_view import compare, expect_bytes, literal, point, with_view
from grader.checks.chance import chance
from grader.checks.scripted_socket import (
    Command,
    Cut,
    ScriptedSocket,
    anyhow,
    one_by_one,
    single_bytes,
    then,
    together,
)
from grader.checks.verdict import show
from grader.inside.answer import guard
from grader.resp import (
    INCOMPLETE,
    NULL_ARRAY,
    Double,
    ErrorReply,
    Map,
    Reader,
    SimpleString,
    encode_command,
    encode_reply,
)
from grader.servers import Server
from grader.wire import split_line

_CRLF = b"\r\n"
_T = TypeVar("_T")
_SILENCE = 0.1
_CLOSED = ("ConnectionError", "ConnectionResetError", "ConnectionAbortedError", "BrokenPipeError")


# A real Redis, spoken to in bytes


@contextmanager
def _dial(server: Server) -> Iterator[socket.socket]:
    """A plain socket to `server`, with the password given and the database chosen."""
    with server.client() as client:
        pool = client.connection_pool
        if issubclass(pool.connection_class, SSLConnection):
            pytest.skip("needs a Redis without TLS: this exercise speaks over a plain socket")
        options = pool.connection_kwargs
    if "path" in options:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(1)
        sock.connect(options["path"])
    else:
        sock = socket.create_connection((options["host"], options["port"]), timeout=1)
    with sock:
        if options.get("password"):
            _ask(sock, encode_command("AUTH", options.get("username") or "default", options["password"]))
        if options.get("db"):
            _ask(sock, encode_command("SELECT", options["db"]))
        yield sock


def _ask(sock: socket.socket, data: bytes, replies: int = 1) -> list[bytes]:
    """Send `data` and return the bytes of so many replies."""
    sock.sendall(data)
    reader, heard, starts = Reader(), b"", [0]
    while len(starts) <= replies:
        if reader.read() is INCOMPLETE:
            piece = sock.recv(65536)
            if not piece:
                raise ConnectionError("the connection was closed")
            heard += piece
            reader.feed(piece)
        else:
            starts.append(reader.offset)
    return [heard[a:b] for a, b in pairwise(starts)]


def _what_redis_says(server: Server, data: bytes) -> str:
    """A sentence: how a real Redis takes these bytes as a command."""
    with _dial(server) as sock:
        sock.settimeout(_SILENCE)
        sock.sendall(data)
        try:
            heard = sock.recv(4096)
        except TimeoutError:
            return "Redis takes this for an incomplete command and waits."
        except OSError:
            heard = b""
    if not heard:
        return "Redis closes the connection."
    return f"Redis replies {literal(heard, 50)}."


# Values as an answer should return them


def _plain(value: Any) -> Any:
    """A value of `Reader` as the exercises want it; an `ErrorReply` stays one."""
    if isinstance(value, SimpleString):
        return str(value)
    if isinstance(value, Double):
        return float(value)
    if value is NULL_ARRAY:
        return None
    if isinstance(value, Map):
        return {_plain(k): _plain(v) for k, v in value}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


def _read(data: bytes) -> Any:
    """The first reply in `data` as the exercises want it."""
    reader = Reader()
    reader.feed(data)
    return _plain(reader.read())


def _said(value: object) -> str:
    """A wanted value as a learner would write it."""
    if isinstance(value, ErrorReply):
        return f"RedisError({value.text!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(_said, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_said(k)}: {_said(v)}" for k, v in value.items()) + "}"
    return show(value)


_Difference = tuple[tuple[Any, ...], Any, Any]


def _first_difference(actual: Any, wanted: Any) -> _Difference | None:
    """As `_difference`, for values that may be of the learner's own making."""
    everything: _Difference = ((), wanted, actual)
    try:
        return _difference(actual, wanted)
    except Exception:
        return everything


def _difference(actual: Any, wanted: Any, path: tuple[Any, ...] = ()) -> _Difference | None:
    """Where the first thing is that differs, what was wanted there and what is; None if all is as wanted."""
    if isinstance(wanted, ErrorReply):
        same = isinstance(actual, Exception) and _text_of(actual) == wanted.text
        return None if same else (path, wanted, actual)
    if isinstance(wanted, list | dict):
        if type(actual) is not type(wanted) or len(actual) != len(wanted):
            return path, wanted, actual
        for i in wanted if isinstance(wanted, dict) else range(len(wanted)):
            if isinstance(wanted, dict) and i not in actual:
                return path, wanted, actual
            if found := _difference(actual[i], wanted[i], (*path, i)):
                return found
        return None
    if isinstance(wanted, float) and wanted != wanted:
        return None if type(actual) is float and actual != actual else (path, wanted, actual)
    return None if type(actual) is type(wanted) and actual == wanted else (path, wanted, actual)


def _text_of(error: Exception) -> str | None:
    return _guarded(lambda: str(error), None)


def _guarded(look: Callable[[], _T], otherwise: _T) -> _T:
    """What `look` finds; `otherwise` if a method of the learner's own class raises meanwhile."""
    try:
        return look()
    except Exception:
        return otherwise


def _outcome(call: Callable[[], Any]) -> tuple[Any, AnswerProblem | None]:
    """What `call` returned, or the problem with it; one that says "not written yet" is let through."""
    try:
        return call(), None
    except AnswerProblem as problem:
        if problem.kind != "raised":
            raise
        return None, problem


def _raised(problem: AnswerProblem | None, *names: str) -> bool:
    """Whether the answer raised one of these exceptions."""
    return problem is not None and any(f" raised {name}:" in problem.sentence for name in names)


def _expect_value(
    call: Callable[[], Any],
    wanted: Any,
    typed: str,
    because: str | None = None,
    known: Callable[[Any, Any], str | None] = lambda wanted, actual: None,
    raises: str | None = None,
    source: Callable[[tuple[Any, ...]], list[str]] = lambda path: [],
) -> None:
    """`call` returns `wanted`, errors compared by their text.

    `known` is given what was wanted and what is at the first place that differs, and may name the misconception;
    `because` is the name otherwise, `raises` the name for an answer that raises. `source` gives a view of the bytes
    that the value at a path comes from.
    """
    actual, problem = _outcome(call)
    if problem is not None:
        name = raises or because
        if name is None:
            raise problem
        broken(f"{typed} returns {_said(wanted)}", problem.sentence, name)
    found = _first_difference(actual, wanted)
    if found is None:
        return
    path, want, have = found
    name = _guarded(lambda: known(want, have), None) or because
    happened = f"it returned {show(actual)}"
    if path:
        place = "".join(f"[{step!r}]" for step in path)
        happened += f"; {place} is {show(have)} instead of {_said(want)}"
    elif _guarded(lambda: want == have, False):
        happened += f", a {type(have).__name__}"
    if isinstance(want, bytes) and isinstance(have, bytes):
        happened = with_view(happened, compare(want, bytes(have)))
    elif path and (view := source(path)):
        happened = with_view(happened, view)
    broken(f"{typed} returns {_said(wanted)}", happened, name)


def _mark(data: bytes, path: tuple[Any, ...], start: int = 0) -> list[str]:
    """A view of `data` with a caret under the reply that the value at `path` comes from."""
    for step in path:
        kind, position = data[start : start + 1], data.index(_CRLF, start) + 2
        if kind == b"%":
            while _read(data[position:]) != step:
                position = _behind(data, _behind(data, position))
            position = _behind(data, position)
        else:
            for _ in range(step):
                position = _behind(data, position)
        start = position
    return point(data, start, "this reply")


def _behind(data: bytes, start: int) -> int:
    """Where the reply that starts at `start` ends."""
    reader = Reader()
    reader.feed(data[start:])
    reader.read()
    return start + reader.offset


def _random_reply(dice: random.Random, depth: int = 3) -> Any:
    """A value for `encode_reply`: any RESP2 reply, with line ends and signs inside of bulk strings."""
    kind = dice.choice("+-:$$$_*" if depth else "+-:$$$_")
    if kind == "+":
        return SimpleString(dice.choice(["OK", "PONG", "QUEUED", "string", ""]))
    if kind == "-":
        return ErrorReply(dice.choice(["ERR no such key", "WRONGTYPE not a list", "LOADING"]))
    if kind == ":":
        return dice.choice([0, 1, -1, -2, 10, 1024, -(2**63), 2**63 - 1])
    if kind == "$":
        parts = [b"a", b"7", b"\r\n", b"$3", b"*", b"\x00", b"\xff", "é".encode()]
        return b"".join(dice.choice(parts) for _ in range(dice.randint(0, 6)))
    if kind == "_":
        return dice.choice([None, NULL_ARRAY])
    return [_random_reply(dice, depth - 1) for _ in range(dice.randint(0, 4))]


# week1.predict-bytes

# Each row is run on an empty database; the bytes of its last reply are to be predicted. Beside it, the predictions
# that betray a misconception.
_ROWS: dict[str, dict[str, dict[bytes, str]]] = {
    "status": {
        "PING": {},
        "SET city Lima": {},
    },
    "strings": {
        "PING hello": {b"+hello\r\n": "data-as-a-status"},
        "SET name é; GET name": {
            b"$1\r\n\xc3\xa9\r\n": "characters-for-bytes",
            b"+\xc3\xa9\r\n": "data-as-a-status",
        },
    },
    "numbers": {
        "INCR visits": {b"+1\r\n": "bulk-for-everything"},
        "SET visits 41; INCR visits; GET visits": {b":42\r\n": "stored-as-a-number"},
    },
    "nothing": {
        "GET nobody": {
            b"$0\r\n\r\n": "null-is-empty",
            b"$0\r\n": "null-is-empty",
            b"$-1\r\n\r\n": "null-has-a-body",
        },
        'SET e ""; GET e': {b"$-1\r\n": "null-is-empty", b"$0\r\n": "empty-has-no-end"},
        "LRANGE nobody 0 -1": {
            b"$-1\r\n": "missing-list-is-null",
            b"*-1\r\n": "missing-list-is-null",
            b"*0\r\n\r\n": "null-has-a-body",
        },
    },
    "arrays": {
        "RPUSH queue a bb; LRANGE queue 0 -1": {},
        "SET a x; MGET a nobody": {
            b"*1\r\n$1\r\nx\r\n": "missing-left-out",
            b"*2\r\n$1\r\nx\r\n$0\r\n\r\n": "null-is-empty",
            b"*2\r\n$1\r\nx\r\n$-1\r\n\r\n": "null-has-a-body",
        },
    },
    "error": {
        "SET a x; RPUSH a y": dict.fromkeys((b"$-1\r\n", b":0\r\n", b":-1\r\n"), "errors-are-null"),
    },
    "refused": {
        "WATCH a; SET a 1; MULTI; INCR a; EXEC": {
            b"*0\r\n": "refused-is-empty",
            b"$-1\r\n": "one-null-for-all",
            b"*1\r\n:2\r\n": "own-writes-do-not-count",
        },
    },
}


def _judge_rows(answer: Answer, server: Server, group: str) -> None:
    predictions = answer.value("predicted_bytes")
    if not isinstance(predictions, dict):
        broken("`predicted_bytes` is a dict of commands and bytes", f"it is {show(predictions)}")
    for row, known in _ROWS[group].items():
        said = predictions.get(row, None)
        if row not in predictions:
            broken(f"a prediction for `{row}`", "there is none; the left side of the table stays as it was")
        if said is ...:
            raise AnswerProblem("todo", f"`{row}` has no prediction yet.")
        with _dial(server) as sock:
            commands = [split_line(command) for command in row.split(";")]
            _ask(sock, encode_command("FLUSHDB"))
            real = _ask(sock, b"".join(encode_command(*c) for c in commands), len(commands))[-1]
        if type(said) is bytes and said.startswith(real.split()[0]) and real.startswith(b"-") and real.startswith(said):
            continue
        if isinstance(said, str):
            broken(f"`{row}` is answered with {literal(real)}", f'{show(said)} is text; write bytes, b"…"')
        if type(said) is not bytes:
            broken(f"`{row}` is answered with {literal(real)}", f"you predicted {show(said)}, which is no bytes")
        if said != real:
            view = compare(real, said, ("Redis", "you"))
            name = _row_misconception(real, said, known)
            broken(f"`{row}` is answered with {literal(real)}", with_view("You predicted other bytes.", view), name)


def _row_misconception(real: bytes, said: bytes, known: dict[bytes, str]) -> str | None:
    if said in known:
        return known[said]
    if real.startswith(b"-"):
        return "errors-are-null" if said[:1] in (b"$", b"*", b":") else None
    content = real[1:-2]
    if real[:1] in b"+:" and said == b"$%d\r\n%b\r\n" % (len(content), content):
        return "bulk-for-everything"
    if _CRLF not in said or said == real[:-2] or said == real.replace(_CRLF, b"\n"):
        return "crlf-forgotten"
    return None


@exercise("week1.predict-bytes")
class TestPredictBytes:
    def test_status(self, answer: Answer, server: Server) -> None:
        """`PING` and `SET`: a fixed short answer."""
        _judge_rows(answer, server, "status")

    def test_strings(self, answer: Answer, server: Server) -> None:
        """`PING hello` and `GET name`: your own data."""
        _judge_rows(answer, server, "strings")

    def test_numbers(self, answer: Answer, server: Server) -> None:
        """`INCR visits`, and then `GET visits`: a number that is counted, and one that is stored."""
        _judge_rows(answer, server, "numbers")

    def test_nothing(self, answer: Answer, server: Server) -> None:
        """No such key, an empty string, no such list: three kinds of nothing."""
        _judge_rows(answer, server, "nothing")

    def test_arrays(self, answer: Answer, server: Server) -> None:
        """`LRANGE` and `MGET`: several replies in one."""
        _judge_rows(answer, server, "arrays")

    def test_error(self, answer: Answer, server: Server) -> None:
        """`RPUSH` on a string: at least the first word, sign included."""
        _judge_rows(answer, server, "error")

    def test_refused(self, answer: Answer, server: Server) -> None:
        """An `EXEC` that refuses to run."""
        _judge_rows(answer, server, "refused")


# week1.encode-command


def _expect_command(answer: Answer, server: Server, *args: Any, known: dict[bytes, str] | None = None) -> None:
    """`encode(*args)` gives the right bytes; if not, say what a real Redis would make of them."""
    typed = f"encode({', '.join(map(show, args))})"
    got, wanted = answer.encode(*args), encode_command(*args)
    if type(got) is bytes and got == wanted:
        return
    remark = _what_redis_says(server, got) if isinstance(got, bytes) and got else ""
    expect_bytes(got, wanted, typed, known=known, remark=remark)


def _bulks(*parts: bytes, count: int | None = None) -> bytes:
    head = b"*%d\r\n" % (len(parts) if count is None else count)
    return head + b"".join(b"$%d\r\n%b\r\n" % (len(p), p) for p in parts)


@exercise("week1.encode-command")
class TestEncodeCommand:
    def test_words(self, answer: Answer, server: Server) -> None:
        """A command is an array of bulk strings, its name included, each line ended by CRLF."""
        for args in (("PING",), ("GET", "city"), ("SET", "city", "Paris")):
            right = encode_command(*args)
            known = {
                right.replace(_CRLF, b"\n"): "line-feed-only",
                " ".join(args).encode() + _CRLF: "inline-command",
                " ".join(args).encode() + b"\n": "inline-command",
                " ".join(args).encode(): "inline-command",
                _bulks(*(a.encode() for a in args), count=len(args) - 1): "name-not-counted",
            }
            _expect_command(answer, server, *args, known=known)

    def test_numbers(self, answer: Answer, server: Server) -> None:
        """A whole number goes as its digits, in a bulk string as everything else."""
        for number in (10, 0, -3, 2**63 - 1):
            wrong = b"*3\r\n$6\r\nINCRBY\r\n$6\r\nvisits\r\n:%d\r\n" % number
            known = {wrong: "numbers-as-integers"}
            _expect_command(answer, server, "INCRBY", "visits", number, known=known)

    def test_lengths(self, answer: Answer, server: Server) -> None:
        """A length counts bytes: `café` has 4 characters and 5 bytes."""
        for word in ("café", "中文 ✓"):
            wrong = b"*3\r\n$3\r\nSET\r\n$4\r\nword\r\n$%d\r\n%b\r\n" % (len(word), word.encode())
            _expect_command(answer, server, "SET", "word", word, known={wrong: "characters-for-bytes"})

    def test_empty(self, answer: Answer, server: Server) -> None:
        """An empty argument is an argument of length 0."""
        known = {
            _bulks(b"SET", b"note"): "empty-left-out",
            _bulks(b"SET", b"note", count=3) + b"$0\r\n": "empty-has-no-end",
        }
        _expect_command(answer, server, "SET", "note", "", known=known)
        _expect_command(answer, server, "SET", "note", b"", known=known)

    def test_bytes(self, answer: Answer, server: Server) -> None:
        """`bytes` are sent as they are, whatever is in them."""
        for value in (b"Paris", b"line one\r\nline two", b"\x00\xff\xfe", "é".encode("latin-1")):
            _, problem = _outcome(partial(answer.encode, "SET", "photo", value))
            if _raised(problem, "UnicodeDecodeError") and problem is not None:
                broken(f'encode("SET", "photo", {show(value)}) returns bytes', problem.sentence, "bytes-through-text")
            as_text = str(value).encode()
            known = {
                _bulks(b"SET", b"photo", as_text): "bytes-through-text",
                _bulks(b"SET", b"photo", value.decode(errors="replace").encode()): "bytes-through-text",
                _bulks(b"SET", b"photo", value.decode(errors="ignore").encode()): "bytes-through-text",
                _bulks(b"SET", b"photo", value.replace(_CRLF, b"\\r\\n")): "escapes-line-ends",
                _bulks(b"SET", b"photo", value.replace(_CRLF, b"\n")): "escapes-line-ends",
            }
            _expect_command(answer, server, "SET", "photo", value, known=known)

    def test_refuses(self, answer: Answer) -> None:
        """Anything but `str`, `bytes` and `int` raises TypeError: `None`, `True` and a list have no one right text."""
        for value in (None, True, False, [1, 2], {"a": 1}):
            typed = f'encode("SET", "user", {show(value)})'
            got, problem = _outcome(partial(answer.encode, "SET", "user", value))
            if problem is None:
                broken(f"{typed} raises TypeError", f"it returned {show(got)}", "encodes-anything")
            if not _raised(problem, "TypeError"):
                broken(f"{typed} raises TypeError", problem.sentence)

    def test_redis_reads_it(self, answer: Answer, server: Server) -> None:
        """A real Redis gets out what you put in, for 60 random commands."""
        dice = chance(1604)
        alphabet: list[str | bytes | int] = ["a", "Zoë", "", "\r\n", "*1", "$-1", "中", b"\xff\x00", b"\r\n", 7, -12]
        with _dial(server) as sock:
            for turn in range(60):
                args = [dice.choice(alphabet) for _ in range(dice.randint(1, 5))]
                words: list[str | bytes | int] = ["RPUSH", f"list:{turn}", *args]
                got = answer.encode(*words)
                expect_bytes(got, encode_command(*words), f"encode({', '.join(map(show, words))})")
                _, back = _ask(sock, got + encode_command("LRANGE", f"list:{turn}", 0, -1), 2)
                expect_bytes(back, encode_reply([_as_bytes(a) for a in args]), f"LRANGE after {show(words)}")


def _as_bytes(value: str | bytes | int) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


# week1.decode-reply


def _expect_decoded(
    answer: Answer,
    data: bytes,
    because: str | None = None,
    known: Callable[[Any, Any], str | None] = lambda wanted, actual: None,
    raises: str | None = None,
) -> None:
    typed = f"decode({literal(data)})"
    _expect_value(partial(answer.decode, data), _read(data), typed, because, known, raises, partial(_mark, data))


def _is_text(wanted: Any, actual: Any) -> str | None:
    if isinstance(wanted, bytes) and isinstance(actual, str):
        return "bulk-is-text"
    return None


@exercise("week1.decode-reply")
class TestDecodeReply:
    def test_lines(self, answer: Answer) -> None:
        """`+` gives a `str`, `:` an `int`."""

        def known(wanted: Any, actual: Any) -> str | None:
            return "integers-as-text" if isinstance(wanted, int) and isinstance(actual, str | bytes) else None

        for data in (b"+OK\r\n", b"+PONG\r\n", b":1\r\n", b":-2\r\n", b":9223372036854775807\r\n"):
            _expect_decoded(answer, data, known=known)

    def test_bulk(self, answer: Answer) -> None:
        """`$` gives exactly the bytes that the length announces, as `bytes`."""
        for data in (b"$5\r\nParis\r\n", b"$0\r\n\r\n", b"$5\r\ncaf\xc3\xa9\r\n", b"$3\r\n\x00\xff\x80\r\n"):
            _expect_decoded(answer, data, known=_is_text, raises="bulk-is-text" if b"\xff" in data else None)

    def test_null(self, answer: Answer) -> None:
        """`$-1` and `*-1` give `None`: not an empty string, not an empty list."""
        for data in (b"$-1\r\n", b"*-1\r\n"):
            _expect_decoded(answer, data, because="null-is-empty")

    def test_line_ends_inside(self, answer: Answer) -> None:
        """A value may hold CRLF: its length says where it ends."""
        for value in (b"line one\r\nline two", b"\r\n", b"\r\n\r\n", b"a\r\n$1\r\nb"):
            _expect_decoded(answer, encode_reply(value), because="splits-at-crlf")

    def test_arrays(self, answer: Answer) -> None:
        """`*` gives a list of the replies in it, of any kind; `*0` gives an empty list."""
        mixed = b"*4\r\n+OK\r\n:7\r\n$-1\r\n$0\r\n\r\n"
        for data in (b"*2\r\n$1\r\na\r\n$2\r\nbb\r\n", b"*0\r\n", mixed, b"*1\r\n*-1\r\n"):
            name = "elements-are-bulk-strings" if data == mixed else None
            _expect_decoded(answer, data, because=name)

    def test_nested(self, answer: Answer) -> None:
        """Arrays inside of arrays, and what stands behind them, keep their places."""
        nested = (
            b"*3\r\n*2\r\n:1\r\n*1\r\n$1\r\na\r\n:2\r\n*0\r\n",
            b"*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n",
            b"*1\r\n" * 8 + b":1\r\n",
        )
        for data in nested:
            _expect_decoded(answer, data, because="one-level-only")

    def test_errors(self, answer: Answer) -> None:
        """`-` gives a `RedisError` with the text of the error. It is returned, not raised."""
        for data in (
            b"-ERR no such key\r\n",
            b"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n",
            b"*3\r\n:1\r\n-ERR value is not an integer or out of range\r\n+OK\r\n",
        ):

            def known(wanted: Any, actual: Any) -> str | None:
                return "errors-are-text" if isinstance(actual, str | bytes) else None

            _expect_decoded(answer, data, known=known, raises="raises-errors")

    def test_any_reply(self, answer: Answer) -> None:
        """Any reply: 120 random ones."""
        dice = chance(1606)
        for _ in range(120):
            _expect_decoded(answer, encode_reply(_random_reply(dice)))

    def test_what_redis_sends(self, answer: Answer, server: Server) -> None:
        """What a real Redis sends for a transaction."""
        with _dial(server) as sock:
            queued = ["INCR visits", "LRANGE q 0 -1", "INCR city", "GET nobody"]
            lines = ["RPUSH q a bb", "SET city Paris", "MULTI", *queued, "EXEC"]
            replies = _ask(sock, b"".join(encode_command(*line.split()) for line in lines), len(lines))
        for data in replies:
            _expect_decoded(answer, data)


# week1.first-frame


def _expect_frame(
    answer: Answer,
    buffer: bytes,
    wanted: int | None,
    known: Callable[[object], str | None] = lambda got: None,
    because: str | None = None,
) -> None:
    """`first_frame(buffer)` is `wanted`; the view marks where the first reply ends."""
    typed = f"first_frame({literal(buffer)})"
    got, problem = _outcome(lambda: answer.first_frame(buffer))
    expected = f"{typed} returns {wanted}"
    view = []
    if wanted is not None and wanted < len(buffer):
        view = point(buffer, wanted, "the first reply ends before this")
    if problem is not None:
        if because is None:
            raise problem
        broken(expected, with_view(problem.sentence, view), because)
    if type(got) is type(wanted) and got == wanted:
        return
    happened = f"it returned {show(got)}"
    if type(got) is int and 0 < got < len(buffer):
        view = point(buffer, got, "your reply ends before this")
    elif wanted is None:
        view = point(buffer, len(buffer), "more has to come")
    broken(expected, with_view(happened, view), known(got) or because)


def _named(known: dict[int, str], got: object) -> str | None:
    return known.get(got) if type(got) is int else None


@exercise("week1.first-frame")
class TestFirstFrame:
    def test_lines(self, answer: Answer) -> None:
        """A simple string, an error and an integer end with their CRLF, which counts."""
        for buffer in (b"+OK\r\n", b":1000\r\n", b"-ERR no such key\r\n"):
            size = len(buffer)
            known = {size - 2: "crlf-not-counted"}
            _expect_frame(answer, buffer, size, partial(_named, known))

    def test_more_behind(self, answer: Answer) -> None:
        """What follows the first reply does not matter, complete or not."""
        for first in (b"+OK\r\n", b":7\r\n"):
            for behind in (b"+PONG\r\n", b"$5\r\nPar", b"+", b"\r\n"):
                buffer = first + behind

                def known(got: object, buffer: bytes = buffer) -> str | None:
                    return "whole-buffer" if got is None or (type(got) is int and got == len(buffer)) else None

                _expect_frame(answer, buffer, len(first), known, because="whole-buffer")

    def test_bulk(self, answer: Answer) -> None:
        """A bulk string ends after as many bytes as its length says, and CRLF."""
        for buffer in (b"$5\r\nParis\r\n", b"$0\r\n\r\n", b"$12\r\nHello, world\r\n+OK\r\n"):
            value = int(buffer[1 : buffer.index(_CRLF)])
            head = buffer.index(_CRLF) + 2

            known = {head + value: "crlf-not-counted", head: "ends-at-first-crlf"}
            _expect_frame(answer, buffer, head + value + 2, partial(_named, known))

    def test_incomplete(self, answer: Answer) -> None:
        """As long as a byte is missing, the answer is None, not 0: the last byte of the last CRLF counts too."""
        bulk = b"$5\r\nParis\r\n"
        for buffer in (*(bulk[:cut] for cut in (7, 9, 10, 4, 3, 1)), b"+OK", b"+OK\r", b":1", b""):

            def known(got: object, buffer: bytes = buffer) -> str | None:
                if type(got) is int and got == 0:
                    return "zero-for-incomplete"
                return "length-believed" if type(got) is int else None

            because = "no-crlf-is-an-error" if _CRLF not in buffer else "length-believed"
            _expect_frame(answer, buffer, None, known, because=because)

    def test_line_ends_inside(self, answer: Answer) -> None:
        """CRLF inside of a value is part of the value."""
        for value in (b"line one\r\nline two", b"\r\n", b"\r\n\r\n+OK"):
            frame = encode_reply(value)
            _expect_frame(answer, frame + b":1\r\n", len(frame), because="looks-for-the-next-crlf")

    def test_nothing(self, answer: Answer) -> None:
        """Null has no second line: `$-1` and `*-1` take 5 bytes, `*0` takes 4."""
        for frame in (b"$-1\r\n", b"*-1\r\n", b"*0\r\n"):
            for behind in (b"", b"+OK\r\n"):
                _expect_frame(answer, frame + behind, len(frame), because="null-has-a-body")

    def test_arrays(self, answer: Answer) -> None:
        """An array ends where its last element ends."""
        for frame in (b"*2\r\n$3\r\nfoo\r\n:1\r\n", b"*3\r\n+OK\r\n-ERR no\r\n$-1\r\n", b"*1\r\n$4\r\n\r\n\r\n\r\n"):
            head = frame.index(_CRLF) + 2

            known = partial(_named, {head: "ends-at-first-crlf"})
            _expect_frame(answer, frame + b"+OK\r\n", len(frame), known)
            _expect_frame(answer, frame[:-5], None, known)

    def test_nested(self, answer: Answer) -> None:
        """Arrays inside of arrays count as one element each, however much is in them."""
        nested = (b"*2\r\n*1\r\n:1\r\n$-1\r\n", b"*2\r\n*2\r\n:1\r\n:2\r\n*0\r\n", b"*1\r\n" * 6 + b"$1\r\nx\r\n")
        for frame in nested:
            _expect_frame(answer, frame + b":5\r\n:6\r\n", len(frame), because="flat-count")
            _expect_frame(answer, frame[:-1], None, because="flat-count")

    def test_every_cut(self, answer: Answer) -> None:
        """Random replies, cut at every byte: None until the last byte is there, then the length."""
        dice = chance(1607)
        for _ in range(14):
            frame = encode_reply(_random_reply(dice, 2))
            for cut in range(min(len(frame), 60)):
                _expect_frame(answer, frame[:cut], None)
            _expect_frame(answer, frame, len(frame))
            _expect_frame(answer, frame + encode_reply(_random_reply(dice)), len(frame))

    def test_invalid(self, answer: Answer) -> None:
        """What no further bytes can make a reply raises ValueError: an unknown first byte, a length that is none."""
        lengths = (b"$abc\r\nParis\r\n", b"*x\r\n", b"$-7\r\n", b"*-2\r\n")
        for buffer in (b"?what\r\n", b"OK\r\n", *lengths, b"*2\r\n:1\r\n?\r\n"):
            typed = f"first_frame({literal(buffer)})"
            got, problem = _outcome(partial(answer.first_frame, buffer))
            if problem is None:
                name = "invalid-is-incomplete" if got is None else None
                if type(got) is int:
                    name = "invalid-is-a-reply"
                broken(f"{typed} raises ValueError", f"it returned {show(got)}", name)
            if not _raised(problem, "ValueError"):
                broken(f"{typed} raises ValueError", problem.sentence)


# week1.fix-the-parser


def _expect_parsed(
    answer: Answer,
    replies: Sequence[bytes],
    because: str | None = None,
    known: Callable[[Any, Any], str | None] = lambda wanted, actual: None,
) -> None:
    data = b"".join(replies)
    wanted = [_with_errors_as_text(_read(reply)) for reply in replies]

    def source(path: tuple[Any, ...]) -> list[str]:
        return _mark(data, path[1:], sum(len(reply) for reply in replies[: path[0]]))

    call = partial(answer.parse_replies, data)
    _expect_value(call, wanted, f"parse_replies({literal(data)})", because, known, source=source)


def _with_errors_as_text(value: Any) -> Any:
    if isinstance(value, ErrorReply):
        return f"-{value.text}"
    return [_with_errors_as_text(v) for v in value] if isinstance(value, list) else value


@exercise("week1.fix-the-parser")
class TestFixTheParser:
    def test_still_works(self, answer: Answer) -> None:
        """What worked before works still."""
        _expect_parsed(answer, [b"+OK\r\n", b":2\r\n", b"$5\r\nParis\r\n", b"-ERR no such key\r\n"])
        _expect_parsed(answer, [b"*2\r\n$1\r\na\r\n*1\r\n:7\r\n", b"$0\r\n\r\n", b"*0\r\n"])
        _expect_parsed(answer, [])

    def test_missing_key(self, answer: Answer) -> None:
        """A null is over with its own line; the reply behind it is there."""
        for replies in ([b"$-1\r\n", b"+OK\r\n"], [b"*3\r\n$-1\r\n$-1\r\n:7\r\n", b":8\r\n"], [b":1\r\n", b"$-1\r\n"]):
            _expect_parsed(answer, replies, because="null-eats-the-next")

    def test_letters(self, answer: Answer) -> None:
        """Zoë and her friends: a length counts bytes."""
        for name in ("Zoë", "Łukasz", "小明"):
            _expect_parsed(answer, [encode_reply(name.encode()), b"+OK\r\n"], because="characters-for-bytes")

    def test_line_ends_inside(self, answer: Answer) -> None:
        """A note of two lines, and what follows it."""
        for note in (b"milk\r\nbread", b"\r\n", b"\r\n\r\n", b"to do:\r\n$4\r\nmilk"):
            _expect_parsed(answer, [encode_reply(note), b":5\r\n"], because="still-splits")
            _expect_parsed(answer, [encode_reply([b"note", note]), b":5\r\n"], because="still-splits")

    def test_photos(self, answer: Answer) -> None:
        """A photo, which is not text in any alphabet, comes out byte for byte."""
        for photo in (b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xd8\xff\xe0", bytes(range(256))):
            _expect_parsed(answer, [encode_reply(photo), b"+OK\r\n"], because="photos-through-text")

    def test_null_array(self, answer: Answer) -> None:
        """An array that is not there is None; an array with nothing in it is a list."""
        for replies in ([b"*-1\r\n", b"*0\r\n", b"+OK\r\n"], [b"*2\r\n*-1\r\n*0\r\n"]):
            _expect_parsed(answer, replies, because="null-array-is-empty")

    def test_any_replies(self, answer: Answer) -> None:
        """Random rows of replies."""
        dice = chance(1608)
        for _ in range(40):
            _expect_parsed(answer, [encode_reply(_random_reply(dice)) for _ in range(dice.randint(1, 5))])


# week1.pipeline-by-hand


def _told(command: Command) -> bytes:
    """A small server for scripted connections: it answers by what the command says, not by what it did before."""
    name, *args = command
    match name.upper():
        case b"PING":
            return b"+PONG\r\n"
        case b"SET":
            return b"+OK\r\n"
        case b"ECHO":
            return encode_reply(args[0])
        case b"STRLEN":
            return b":%d\r\n" % len(args[0])
        case b"GET":
            return b"$-1\r\n" if args[0] == b"nobody" else encode_reply(b"value of " + args[0])
        case b"LRANGE":
            return encode_reply([b"a", b"b\r\nc", [1, None]])
        case b"EXEC":
            return encode_reply([1, ErrorReply("ERR value is not an integer or out of range"), b"last"])
        case b"INCR":
            return b"-ERR value is not an integer or out of range\r\n"
    return b"-ERR unknown command\r\n"


_MIXED: list[list[Any]] = [
    ["SET", "city", "Zürich"], ["GET", "city"], ["GET", "nobody"], ["ECHO", b"\r\n+OK\r\n\x00\xff"],
    ["LRANGE", "q", 0, -1], ["ECHO", ""], ["STRLEN", "city"], ["PING"],
]  # fmt: skip


def _wanted(commands: Sequence[Sequence[Any]]) -> list[Any]:
    return [_read(_told(tuple(_as_bytes(a) for a in command))) for command in commands]


@contextmanager
def _line(cut: Cut, *, reply: Callable[[Command], bytes] = _told, **misconceptions: Any) -> Iterator[ScriptedSocket]:
    line = ScriptedSocket.open(reply, cut, **misconceptions)
    line.settimeout(1)
    try:
        yield line
    finally:
        line.hang_up()


def _faithful(line: ScriptedSocket, call: Callable[[], Any]) -> Callable[[], Any]:
    """`call`, after which a finding of the connection is raised even if the answer caught it."""

    def checked() -> Any:
        try:
            result = call()
        except (AnswerProblem, Broken):
            if line.fault is not None:
                raise line.fault from None
            raise
        if line.fault is not None:
            raise line.fault
        return result

    return checked


def _pipe(
    answer: Answer,
    commands: list[list[Any]],
    cut: Cut,
    because: str | None = None,
    raises: str | None = None,
    early: str | None = "waits-for-each",
    past: str | None = None,
    how: str = "",
) -> ScriptedSocket:
    """Hand a scripted connection to `pipeline` and expect the right replies; returns the connection, closed."""
    with _line(cut, expects=len(commands), early=early, past=past, spins="spins-at-the-end") as line:
        call = _faithful(line, lambda: answer.pipeline(line, commands))
        typed = f"pipeline(sock, {show(commands, 120)}){how}"
        _expect_value(call, _wanted(commands), typed, because=because, raises=raises)
        if line.commands != [tuple(_as_bytes(a) for a in c) for c in commands]:
            broken(f"{len(commands)} commands are sent, in order", f"{show(line.commands)} arrived")
    return line


@exercise("week1.pipeline-by-hand")
class TestPipelineByHand:
    def test_one_command(self, answer: Answer) -> None:
        """One command gives a list of one reply, and nothing more is waited for."""
        _pipe(answer, [["PING"]], one_by_one, past="reads-past-the-end")

    def test_send_first(self, answer: Answer) -> None:
        """All commands are sent, by one `sendall`, before the first reply is read."""
        commands = [["SET", "a", 1], ["STRLEN", "a"], ["PING"]]
        with _line(together, expects=3, early="waits-for-each", past=None) as line:
            call = _faithful(line, lambda: answer.pipeline(line, commands))
            try:
                _outcome(call)
            except Broken as fault:
                if fault.misconception:
                    raise
            if len(line.commands) == 3 and line.sends > 1:
                broken("one sendall for all commands", f"it sent {line.sends} times", "sends-one-by-one")

    def test_together(self, answer: Answer) -> None:
        """The replies may all arrive at once: what is left over belongs to the next one."""
        name = "one-recv-for-each"
        _pipe(answer, [["PING"], ["SET", "a", 1]], together, because=name, past=name, how=", replies arriving together")
        _pipe(answer, _MIXED, together, because=name, past=name, how=", replies arriving together")

    def test_in_pieces(self, answer: Answer) -> None:
        """The replies may arrive byte by byte, or in any other pieces."""
        name, two = "one-recv-for-all", [["PING"], ["STRLEN", "abc"]]
        _pipe(answer, two, one_by_one, because=name, how=", replies arriving one by one")
        cuts = (("byte by byte", single_bytes), ("in pieces", anyhow(3)), ("in other pieces", anyhow(4)))
        for words, cut in cuts:
            _pipe(answer, _MIXED, cut, because=name, how=f", replies arriving {words}")

    def test_errors(self, answer: Answer) -> None:
        """An error is a value in its place, and the replies behind it are there."""
        name = "stops-at-an-error"
        _pipe(answer, [["SET", "a", "x"], ["INCR", "a"], ["GET", "a"]], together, because=name, raises=name)
        _pipe(answer, [["EXEC"], ["INCR", "a"], ["PING"]], anyhow(5), because=name, raises=name)

    def test_nothing(self, answer: Answer) -> None:
        """No commands: an empty list, and not one byte is sent or waited for."""
        with _line(together) as line:
            expect(_faithful(line, lambda: answer.pipeline(line, []))(), [], "pipeline(sock, [])")
            if line.sends:
                broken("nothing is sent for no commands", "bytes were sent")

    def test_again(self, answer: Answer) -> None:
        """The connection is good for the next pipeline."""
        with _line(anyhow(6), past="reads-past-the-end") as line:
            for turn in range(3):
                commands = [["ECHO", f"{turn}-{i}"] for i in range(4)]
                call = _faithful(line, partial(answer.pipeline, line, commands))
                _expect_value(call, _wanted(commands), f"pipeline number {turn + 1} on one connection")

    def test_hang_up(self, answer: Answer) -> None:
        """If the server closes the connection before the last reply, ConnectionError is raised."""
        for kept in (0, 7, 9):
            with _line(then(together, kept, b""), spins="spins-at-the-end") as line:
                got, problem = _outcome(_faithful(line, lambda: answer.pipeline(line, [["PING"], ["PING"]])))
            expected = f"ConnectionError is raised when the connection ends after {kept} of 14 bytes"
            if problem is None:
                broken(expected, f"it returned {show(got)}", "short-list-at-the-end")
            if not _raised(problem, *_CLOSED):
                broken(expected, problem.sentence)

    def test_real_redis(self, answer: Answer, server: Server, peek: Redis) -> None:
        """With a real Redis: counters, errors, and a value of 30 000 bytes in the middle."""
        big = "x" * 30_000
        peek.set("big", big)
        commands = [["INCR", "n"], ["LPUSH", "big", 1], ["GET", "big"], ["INCR", "n"], ["GET", "nobody"]]
        with _dial(server) as sock:
            got, problem = _outcome(lambda: answer.pipeline(sock, commands))
            if problem is not None:
                raise problem
            error = ErrorReply("WRONGTYPE Operation against a key holding the wrong kind of value")
            wanted = [1, error, big.encode(), 2, None]
            found = _first_difference(got, wanted)
            if found is not None:
                path, want, have = found
                place = "".join(f"[{step!r}]" for step in path) or "the result"
                broken(f"{place} is {show(_said(want), 80)}", f"it is {show(have, 80)}")
            again = answer.pipeline(sock, [["PING"]])
            expect(again, ["PONG"], 'pipeline(sock, [["PING"]]) on the same connection')


# week1.hello3


def _expect_decoded3(
    answer: Answer,
    data: bytes,
    because: str | None = None,
    known: Callable[[Any, Any], str | None] = lambda wanted, actual: None,
    raises: str | None = None,
) -> None:
    typed = f"decode3({literal(data)})"
    _expect_value(partial(answer.decode3, data), _read(data), typed, because, known, raises, partial(_mark, data))


def _random_reply3(dice: random.Random, depth: int = 3) -> Any:
    kind = dice.choice("%%*#,_$:" if depth else "#,_$:+")
    if kind == "%":
        return {b"key %d" % i: _random_reply3(dice, depth - 1) for i in range(dice.randint(0, 3))}
    if kind == "*":
        return [_random_reply3(dice, depth - 1) for _ in range(dice.randint(0, 3))]
    if kind == "#":
        return dice.choice([True, False])
    if kind == ",":
        return dice.choice([0.5, -1.25, 3.0, 1e20, float("inf"), float("-inf")])
    if kind == "_":
        return None
    return _random_reply(dice, 0)


@exercise("week1.hello3")
class TestHello3:
    def test_resp2(self, answer: Answer) -> None:
        """Everything that RESP2 has is read as before."""
        bulk = b"$4\r\n\r\n\r\n\r\n"
        for data in (b"+OK\r\n", b":-7\r\n", bulk, b"*2\r\n$1\r\na\r\n*0\r\n", b"-ERR no\r\n", b"$-1\r\n"):
            _expect_decoded3(answer, data)

    def test_map(self, answer: Answer) -> None:
        """`%` gives a `dict`; its number counts pairs."""

        def known(wanted: Any, actual: Any) -> str | None:
            if isinstance(wanted, dict) and isinstance(actual, list):
                return "map-as-a-list"
            if isinstance(wanted, dict) and isinstance(actual, dict) and len(actual) < len(wanted):
                return "counts-elements"
            return None

        two = b"%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n*2\r\n:1\r\n:2\r\n"
        for data in (b"%1\r\n$4\r\nname\r\n$3\r\nAda\r\n", two, b"%0\r\n"):
            _expect_decoded3(answer, data, known=known, raises="counts-elements")

    def test_booleans(self, answer: Answer) -> None:
        """`#t` and `#f` give `True` and `False`."""
        for data in (b"#t\r\n", b"#f\r\n"):

            def known(wanted: Any, actual: Any) -> str | None:
                return "false-is-true" if wanted is False and actual is True else "letters-for-booleans"

            _expect_decoded3(answer, data, known=known)

    def test_doubles(self, answer: Answer) -> None:
        """`,` gives a `float`, also where the digits look whole, and also `inf`."""
        for data in (b",1.5\r\n", b",-0.25\r\n", b",10\r\n", b",1e+20\r\n", b",inf\r\n", b",-inf\r\n", b",nan\r\n"):

            def known(wanted: Any, actual: Any) -> str | None:
                if isinstance(actual, str | bytes):
                    return "doubles-as-text"
                return "whole-doubles-are-integers" if type(actual) is int else None

            _expect_decoded3(answer, data, known=known)

    def test_null(self, answer: Answer) -> None:
        """`_` gives `None`, and what follows it is in its place."""
        for data in (b"_\r\n", b"*3\r\n:1\r\n_\r\n:2\r\n", b"%1\r\n$1\r\na\r\n_\r\n"):
            _expect_decoded3(answer, data, raises="resp3-on-top-only" if data[:1] != b"_" else None)

    def test_inside(self, answer: Answer) -> None:
        """The new types stand inside of each other and of arrays, at any depth."""
        for data in (
            b"*2\r\n%1\r\n$1\r\na\r\n:1\r\n#f\r\n",
            b"%1\r\n$1\r\na\r\n%1\r\n$1\r\nb\r\n,2.5\r\n",
            b"%2\r\n$7\r\nmodules\r\n*1\r\n%1\r\n$4\r\nargs\r\n*0\r\n+end\r\n_\r\n",
        ):
            _expect_decoded3(answer, data, because="resp3-on-top-only")

    def test_any_reply(self, answer: Answer) -> None:
        """Any reply: 80 random ones."""
        dice = chance(1609)
        for _ in range(80):
            _expect_decoded3(answer, encode_reply(_random_reply3(dice), protocol=3))

    def test_hello(self, answer: Answer, server: Server) -> None:
        """What a real Redis answers to HELLO 3."""
        with _dial(server) as sock:
            (data,) = _ask(sock, encode_command("HELLO", 3))
        _expect_decoded3(answer, data)


# week1.tiny-client


class _Client:
    """A `MiniClient` of the learner's, whatever it turned out to be: its two methods, guarded."""

    def __init__(self, answer: Answer, sock: socket.socket) -> None:
        made = answer.MiniClient(sock)
        self.command = self._method(made, "command")
        self.pipeline = self._method(made, "pipeline")

    @staticmethod
    def _method(made: object, name: str) -> Callable[..., Any]:
        found = getattr(made, name, None)
        if not callable(found):
            broken(f"MiniClient(sock) gives an object with the method `{name}`", f"it gives {show(made)}")
        method: Callable[..., Any] = guard(found, f"MiniClient.{name}")
        return method


@contextmanager
def _client(answer: Answer, cut: Cut, **options: Any) -> Iterator[tuple[ScriptedSocket, _Client]]:
    with _line(cut, **options) as line:
        yield line, _Client(answer, line)


def _command(client: _Client, line: ScriptedSocket, *args: Any) -> Callable[[], Any]:
    return _faithful(line, lambda: client.command(*args))


def _expect_hang_up(answer: Answer, whole: bytes, kept: int) -> None:
    """Of the reply `whole`, `kept` bytes come, and then the end of the connection."""
    with _client(answer, then(together, kept, b""), reply=lambda _: whole, spins="spins-at-the-end") as (line, client):
        got, problem = _outcome(_command(client, line, "GET", "b"))
    came = whole[:kept]
    in_value = came.startswith(b"$") and _CRLF in came
    name = "half-a-reply" if in_value else None if not came or came.endswith(_CRLF) else "half-a-line"
    expected = f"ConnectionError is raised when the connection ends after {literal(came)} of {literal(whole)}"
    if problem is None:
        broken(expected, f"it returned {show(got)}", name or "half-a-reply")
    if not _raised(problem, *_CLOSED):
        broken(expected, problem.sentence, name)


@exercise("week1.tiny-client")
class TestTinyClient:
    def test_command(self, answer: Answer, server: Server) -> None:
        """`command` sends one command and returns its reply, as `decode` would, then waits for nothing more."""
        with _client(answer, one_by_one, past="reads-past-the-end") as (line, client):
            _expect_value(_command(client, line, "PING"), "PONG", 'client.command("PING")')

    def test_real_redis(self, answer: Answer, server: Server) -> None:
        """A real Redis understands it: values of every kind, one command after another."""
        with _dial(server) as sock:
            client = _Client(answer, sock)
            rows: list[tuple[tuple[Any, ...], Any]] = [
                (("PING",), "PONG"),
                (("SET", "city", "Zürich"), "OK"),
                (("GET", "city"), "Zürich".encode()),
                (("INCRBY", "n", 5), 5),
                (("GET", "nobody"), None),
                (("RPUSH", "q", "a", b"\r\n\xff", ""), 3),
                (("LRANGE", "q", 0, -1), [b"a", b"\r\n\xff", b""]),
            ]
            for args, wanted in rows:
                _expect_value(partial(client.command, *args), wanted, f"client.command({', '.join(map(show, args))})")

    def test_error(self, answer: Answer, server: Server) -> None:
        """An error reply raises RedisError with the text of the error, and the client goes on working."""
        with _dial(server) as sock:
            client = _Client(answer, sock)
            client.command("SET", "city", "Lima")
            not_a_number, unknown = "ERR value is not an integer or out of range", "ERR unknown command"
            for args, text in ((["INCR", "city"], not_a_number), (["NOPE"], unknown)):
                typed = f"client.command({', '.join(map(show, args))})"
                got, problem = _outcome(partial(client.command, *args))
                if problem is None:
                    broken(f"{typed} raises RedisError", f"it returned {show(got)}", "error-as-a-value")
                if not _raised(problem, "RedisError") or text not in problem.sentence or f"-{text}" in problem.sentence:
                    broken(f'{typed} raises RedisError("{text}…")', problem.sentence)
            call = partial(client.command, "GET", "city")
            _expect_value(call, b"Lima", 'client.command("GET", "city") after two errors')

    def test_pieces(self, answer: Answer) -> None:
        """A reply may arrive in any pieces."""
        for words, cut in (("byte by byte", single_bytes), ("in pieces", anyhow(8)), ("in other pieces", anyhow(9))):
            with _client(answer, cut, past="reads-past-the-end", spins="spins-at-the-end") as (line, client):
                for args in _MIXED:
                    typed = f"client.command({', '.join(map(show, args))}), the reply arriving {words}"
                    _expect_value(_command(client, line, *args), _wanted([args])[0], typed, because="one-recv")

    def test_pipeline(self, answer: Answer) -> None:
        """`pipeline` sends all commands by one `sendall` before it reads, and returns all replies in order."""
        for cut in (together, single_bytes, anyhow(10)):
            name = "pipeline-is-a-loop"
            with _client(answer, cut, expects=len(_MIXED), early=name, spins="spins-at-the-end") as (line, client):
                call = _faithful(line, lambda: client.pipeline(_MIXED))
                _expect_value(call, _wanted(_MIXED), f"client.pipeline({show(_MIXED, 120)})")
                if line.sends != 1:
                    broken("one sendall for all commands", f"it sent {line.sends} times", "sends-one-by-one")
        with _client(answer, together) as (line, client):
            expect(_faithful(line, lambda: client.pipeline([]))(), [], "client.pipeline([])")

    def test_errors_in_a_pipeline(self, answer: Answer) -> None:
        """In a pipeline an error is a value in its place; afterwards every command gets its own reply."""
        commands = [["SET", "a", "x"], ["INCR", "a"], ["GET", "a"]]
        name = "pipeline-raises"
        with _client(answer, together) as (line, client):
            call = _faithful(line, lambda: client.pipeline(commands))
            _expect_value(call, _wanted(commands), f"client.pipeline({show(commands)})", because=name)
            _expect_value(_command(client, line, "GET", "b"), b"value of b", 'client.command("GET", "b") behind it')

    def test_errors_inside(self, answer: Answer) -> None:
        """An error inside of an array, as EXEC sends it, is a value there: `command` does not raise for it."""
        name = "raises-inside-arrays"
        with _client(answer, anyhow(11)) as (line, client):
            (wanted,) = _wanted([["EXEC"]])
            _expect_value(_command(client, line, "EXEC"), wanted, 'client.command("EXEC")', because=name)
            call = _command(client, line, "GET", "b")
            _expect_value(call, b"value of b", 'client.command("GET", "b") behind it', because=name)

    def test_hang_up(self, answer: Answer) -> None:
        """If the server closes the connection in the middle of a reply, wherever that is, ConnectionError is raised."""
        for kept in (0, 4, 13):
            with _client(answer, then(together, kept, b""), spins="spins-at-the-end") as (line, client):
                got, problem = _outcome(_command(client, line, "GET", "b"))
            expected = f"ConnectionError is raised when the connection ends after {kept} bytes of the reply"
            if problem is None:
                broken(expected, f"it returned {show(got)}", "half-a-reply")
            if not _raised(problem, *_CLOSED):
                broken(expected, problem.sentence)
        for whole in (b":123\r\n", b"+OK\r\n", b"$11\r\nhello world\r\n", b"*2\r\n:1\r\n:2\r\n"):
            for kept in range(len(whole)):
                _expect_hang_up(answer, whole, kept)

    def test_broken_off(self, answer: Answer) -> None:
        """When reading fails in the middle of a reply, the client closes: no later command gets the rest of it."""
        for kept in (0, 4, 12):
            late = TimeoutError("timed out")
            with _client(answer, then(together, kept, late)) as (_, client):
                name = "goes-on-out-of-step"
                first, problem = _outcome(partial(client.command, "GET", "a"))
                if problem is None:
                    broken("the TimeoutError of the socket comes out of command", f"it returned {show(first)}", name)
                try:
                    second, problem = _outcome(partial(client.command, "GET", "b"))
                except Broken:
                    second, problem = "a reply that never comes", None
                if problem is None:
                    broken(
                        'after a timeout, command("GET", "b") raises: the connection is out of step',
                        f"it returned {show(second)}, while the reply to GET a was still on its way",
                        name,
                    )
