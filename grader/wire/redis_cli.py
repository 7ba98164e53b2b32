"""Commands and replies as redis-cli shows them: one text form for lessons, checks and failure messages.

The wire's transcript, the transcript runner of the lessons and every message to a learner go through here,
so that what the course prints can be compared with (and typed into) a real redis-cli. The forms follow
`cliFormatReplyTTY` and `sdssplitargs` of Redis's own source; the tests compare them with redis-cli itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from grader.resp import (
    BigNumber,
    Double,
    ErrorReply,
    Map,
    Push,
    SetReply,
    SimpleString,
    Verbatim,
)

__all__ = ["format_command", "format_reply", "quote", "shorten", "shows_raw", "split_line"]

_ESCAPES = {
    **{byte: f"\\x{byte:02x}" for byte in range(256)},
    **{byte: chr(byte) for byte in range(0x20, 0x7F)},
    ord("\\"): "\\\\",
    ord('"'): '\\"',
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    ord("\a"): "\\a",
    ord("\b"): "\\b",
}
_UNESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t", "b": b"\b", "a": b"\a"}
_HEX = frozenset("0123456789abcdefABCDEF")
# What C's isspace() accepts: redis-cli skips these between arguments.
_BLANKS = frozenset(" \t\n\v\f\r")
# What ends an argument outside quotes; vertical tab and form feed do not.
_ENDS = frozenset(" \n\r\t\0")

_RAW_FIRST_WORDS = frozenset({b"INFO", b"LOLWUT"})
# Two words, and how many words the command must have in all (None: at least two).
_RAW_FIRST_TWO: dict[tuple[bytes, bytes], int | None] = {
    (b"DEBUG", b"HTSTATS"): None,
    (b"DEBUG", b"HTSTATS-KEY"): None,
    (b"DEBUG", b"CLIENT-EVICTION"): None,
    (b"MEMORY", b"MALLOC-STATS"): None,
    (b"MEMORY", b"DOCTOR"): None,
    (b"CLUSTER", b"NODES"): 2,
    (b"CLUSTER", b"INFO"): 2,
    (b"CLIENT", b"LIST"): None,
    (b"CLIENT", b"INFO"): None,
    (b"LATENCY", b"GRAPH"): 3,
    (b"LATENCY", b"DOCTOR"): 2,
    (b"PROXY", b"INFO"): None,
}


def quote(data: bytes | bytearray | str, limit: int | None = None) -> str:
    """`data` in double quotes, all but printable ASCII escaped, as redis-cli prints a bulk string.

    `limit` is the largest number of bytes shown in full; a longer value is cut in the middle and followed by
    its length in bytes.
    """
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
    if limit is None or len(raw) <= limit:
        return '"' + "".join(map(_ESCAPES.__getitem__, raw)) + '"'
    head, tail = raw[: (limit + 1) // 2], raw[len(raw) - limit // 2 :]
    left = "".join(map(_ESCAPES.__getitem__, head))
    right = "".join(map(_ESCAPES.__getitem__, tail))
    return f'"{left}…{right}" ({len(raw)} bytes)'


def shorten(text: str, limit: int | None) -> str:
    """`text` cut in the middle to about `limit` characters, its length said; unchanged when it fits."""
    if limit is None or len(text) <= limit:
        return text
    return f"{text[: (limit + 1) // 2]}…{text[len(text) - limit // 2 :]} ({len(text)} characters)"


def _typed(argument: bytes, limit: int | None) -> str:
    """One argument as one would type it: bare when redis-cli would read it back the same."""
    if limit is not None and len(argument) > limit:
        return quote(argument, limit)
    try:
        text = argument.decode("utf-8")
    except UnicodeDecodeError:
        return quote(argument)
    if not text.isprintable():
        return quote(argument)
    if text and " " not in text and '"' not in text and "'" not in text:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def format_command(args: Iterable[bytes | str | int | float], limit: int | None = None) -> str:
    """The command as one would type it into redis-cli; arguments are quoted only where they have to be.

    `limit`, in bytes, cuts longer arguments in the middle and says their length; without it
    `split_line(format_command(args))` gives the arguments back.
    """
    return " ".join(_typed(_as_bytes(arg), limit) for arg in args)


def _as_bytes(arg: bytes | str | int | float) -> bytes:
    if isinstance(arg, bytes | bytearray | memoryview):
        return bytes(arg)
    return str(arg).encode("utf-8", "surrogateescape")


def split_line(text: str) -> list[bytes]:
    r"""The arguments of a line typed into redis-cli.

    Blanks separate. Inside double quotes `\n`, `\r`, `\t`, `\a`, `\b` and `\xHH` are escapes and a backslash
    makes any other character itself; inside single quotes only `\'` is one. A closing quote has to be
    followed by a blank or the end of the line.

    Raises `ValueError`, with a sentence for the person who typed it, where redis-cli answers
    "Invalid argument(s)".
    """
    args: list[bytes] = []
    at, end = 0, len(text)
    while True:
        while at < end and text[at] in _BLANKS:
            at += 1
        # redis-cli hands a C string on: nothing behind a NUL exists.
        if at >= end or text[at] == "\0":
            return args
        arg = bytearray()
        while at < end and text[at] not in _ENDS:
            if text[at] in "\"'":
                at = _read_quoted(text, at, arg)
                break
            arg += text[at].encode("utf-8", "surrogateescape")
            at += 1
        args.append(bytes(arg))


def _read_quoted(text: str, start: int, arg: bytearray) -> int:
    """Append the quoted text that opens at `start` to `arg`; return the place behind its closing quote."""
    mark, at, end = text[start], start + 1, len(text)
    name = "double" if mark == '"' else "single"
    while at < end and text[at] != "\0":
        char = text[at]
        if char == mark:
            if at + 1 < end and text[at + 1] not in _BLANKS and text[at + 1] != "\0":
                raise ValueError(
                    f"Invalid argument(s): the closing {name} quote at column {at + 1} is followed by "
                    f"{text[at + 1]!r}; put a space behind it."
                )
            return at + 1
        if char == "\\" and mark == '"' and at + 1 < end:
            digits = text[at + 2 : at + 4]
            if text[at + 1] == "x" and len(digits) == 2 and _HEX.issuperset(digits):
                arg.append(int(digits, 16))
                at += 4
                continue
            char = text[at + 1]
            arg += _UNESCAPES.get(char) or char.encode("utf-8", "surrogateescape")
            at += 2
            continue
        if char == "\\" and mark == "'" and text[at + 1 : at + 2] == "'":
            arg += b"'"
            at += 2
            continue
        arg += char.encode("utf-8", "surrogateescape")
        at += 1
    raise ValueError(f"Invalid argument(s): the {name} quote at column {start + 1} is never closed.")


def shows_raw(command: Sequence[bytes | str]) -> bool:
    """Whether redis-cli prints the reply of `command` as it is, unquoted, even on a terminal (INFO does)."""
    words = [_as_bytes(word).upper() for word in command[:2]]
    if not words:
        return False
    if words[0] in _RAW_FIRST_WORDS:
        return True
    if len(words) < 2:
        return False
    missing = -1
    length = _RAW_FIRST_TWO.get((words[0], words[1]), missing)
    return length is None or length == len(command)


def format_reply(value: object, command: Sequence[bytes | str] | None = None, limit: int | None = None) -> str:
    """The reply exactly as redis-cli prints it on a terminal, without the last newline.

    `value` is what `grader.resp.Reader` gives, or what redis-py hands out before its response callbacks
    (there a status such as OK cannot be told from a string, and is quoted). `command` is the command that was
    answered: INFO, CLIENT LIST and a few more are printed as they are. `limit`, in bytes, cuts long strings
    in the middle and aggregates to that many elements; None shows everything. Text that is not UTF-8 appears
    with backslash escapes where redis-cli would write the bytes themselves, and a big number, at which
    redis-cli 7.0 gives up, as `(big number) …`.
    """
    if command is not None and shows_raw(command):
        match value:
            case Verbatim():
                return shorten(_text(value.data).removesuffix("\n"), limit)
            case bytes() | str() if not isinstance(value, SimpleString):
                return shorten(_text(value).removesuffix("\n"), limit)
            case ErrorReply() | BaseException():
                return shorten(_text(str(value)), limit)
    return "\n".join(_lines(value, limit))


def _text(data: bytes | str) -> str:
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else bytes(data)
    return raw.decode("utf-8", "backslashreplace")


def _c_string(text: str) -> str:
    """The text of a status or an error, of which redis-cli prints nothing behind a NUL."""
    return _text(text.partition("\0")[0])


def _scalar(value: object, limit: int | None) -> str | None:
    """The one-piece form of a reply that is not an aggregate; None for an aggregate."""
    match value:
        case None:
            return "(nil)"
        case bool():
            return "(true)" if value else "(false)"
        case BigNumber():
            return f"(big number) {int(value)}"
        case int():
            return f"(integer) {int(value)}"
        case Double():
            return f"(double) {value.text}"
        case float():
            return f"(double) {Double.of(value).text}"
        case SimpleString():
            return shorten(_c_string(value), limit)
        case ErrorReply() | BaseException():
            return f"(error) {shorten(_c_string(str(value)), limit)}"
        case Verbatim():
            return shorten(_text(value.data), limit)
        case bytes() | bytearray() | str():
            return quote(value, limit)
        case _:
            return None


_EMPTY = {"array": "(empty array)", "map": "(empty hash)", "set": "(empty set)", "push": "(empty push)"}
_MARK = {"array": ")", "map": "#", "set": "~", "push": ")"}


def _aggregate(value: object) -> tuple[str, list[object]]:
    """The kind of an aggregate, and its elements; a map's are its keys and values in turn."""
    match value:
        case Map():
            return "map", [item for pair in value for item in pair]
        case Mapping():
            return "map", [item for pair in value.items() for item in pair]
        case Push():
            return "push", list(value)
        case SetReply() | AbstractSet():
            return "set", list(value)
        case list() | tuple():
            return "array", list(value)
        case _:
            raise TypeError(f"a reply cannot hold a {type(value).__name__}")


def _lines(value: object, limit: int | None) -> Iterator[str]:
    """The lines of a reply. Iterative: a reply may be nested deeper than Python's stack."""
    line = ""
    # What is still to be written: (text in front of it, indentation of its own elements, value).
    todo: list[tuple[str, str, object]] = [("", "", value)]
    while todo:
        front, indent, item = todo.pop()
        if front.startswith("\n"):
            yield line
            front, line = front[1:], ""
        line += front
        if isinstance(item, _Words):
            line += item.text
            continue
        text = _scalar(item, limit)
        if text is not None:
            line += text
            continue
        kind, items = _aggregate(item)
        if not items:
            line += _EMPTY[kind]
            continue
        step = 2 if kind == "map" else 1
        count = len(items) // step
        width = len(str(count))
        inner = indent + " " * (width + 2)
        entries: list[tuple[str, str, object]] = []
        shown = _shown(count, limit)
        last = 0
        for index in shown:
            lead = "\n" + indent if entries else ""
            if index > last + 1:
                entries.append((f"\n{indent}{'':{width}}  ", inner, _Words(f"… {index - last - 1} more …")))
            entries.append((f"{lead}{index:{width}}{_MARK[kind]} ", inner, items[(index - 1) * step]))
            if step == 2:
                held = items[(index - 1) * step + 1]
                if _takes_lines(held):
                    entries.append((" => ", inner, _NOTHING))
                entries.append((f"\n{inner}" if _takes_lines(held) else " => ", inner, held))
            last = index
        todo.extend(reversed(entries))
    yield line


def _takes_lines(value: object) -> bool:
    """Whether redis-cli puts a map's value on lines of its own: an aggregate of more than one entry does."""
    while _scalar(value, 0) is None:
        kind, items = _aggregate(value)
        each = 2 if kind == "map" else 1
        if len(items) != each:
            return len(items) > each
        value = items[-1]
    return False


class _Words:
    """Text of our own among the replies."""

    def __init__(self, text: str) -> None:
        self.text = text


_NOTHING = _Words("")


def _shown(count: int, limit: int | None) -> Iterable[int]:
    """The 1-based numbers of the elements to show: all, or the first and last that make up `limit`."""
    if limit is None or count <= max(limit, 2):
        return range(1, count + 1)
    head = (max(limit, 2) + 1) // 2
    tail = max(limit, 2) // 2
    return [*range(1, head + 1), *range(count - tail + 1, count + 1)]
