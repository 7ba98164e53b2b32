"""The Redis serialization protocol, RESP2 and RESP3: encode commands and replies, read them from a stream.

Floor 0 of the grader. The wire uses it to split what was sent and received, the differential checks to
compare a learner's server with a real Redis, and the sandboxed checks to talk to untrusted programs: so the
reader tells *incomplete* from *invalid*, has hard limits, and never recurses. It follows
https://redis.io/docs/latest/develop/reference/protocol-spec/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any, Final, NoReturn

__all__ = [
    "INCOMPLETE",
    "NULL_ARRAY",
    "BigNumber",
    "Double",
    "ErrorReply",
    "Limits",
    "Map",
    "ProtocolError",
    "Push",
    "Reader",
    "SetReply",
    "SimpleString",
    "Verbatim",
    "encode_command",
    "encode_reply",
]


class _Sentinel(Enum):
    INCOMPLETE = "more bytes are needed"
    NULL_ARRAY = "the null array of RESP2"

    def __repr__(self) -> str:
        return self.name


INCOMPLETE: Final = _Sentinel.INCOMPLETE
"""What `Reader.read` returns while the bytes fed so far are a proper beginning of a value."""

NULL_ARRAY: Final = _Sentinel.NULL_ARRAY
"""Encodes as RESP2's `*-1`, which an aborted EXEC or a BLPOP that timed out answers; see `Reader`."""


class ProtocolError(ValueError):
    """Bytes that no continuation can make valid, or that go over a limit.

    `offset` counts bytes from the first one ever fed to the reader; it is the place of the offending byte or,
    for a length that is wrong, of the line that holds it.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message, offset)
        self.message = message
        self.offset = offset

    def __str__(self) -> str:
        return f"{self.message} (at byte {self.offset})"


class SimpleString(str):
    """A status reply, `+OK`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"SimpleString({str.__repr__(self)})"


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """An error reply, `-ERR …`: a value to look at, never raised by the reader."""

    text: str

    @property
    def code(self) -> str:
        """The first word: ERR, WRONGTYPE, MOVED …"""
        return self.text.partition(" ")[0]

    def __str__(self) -> str:
        return self.text


class BigNumber(int):
    """A RESP3 big number, `(123…`."""

    def __repr__(self) -> str:
        return f"BigNumber({int.__repr__(self)})"


class Double(float):
    """A RESP3 double, `,1.5`. `text` has the digits as they were sent: 7.0 and 8.2 differ in them."""

    __slots__ = ("text",)

    text: str

    def __new__(cls, text: str) -> Double:
        self = super().__new__(cls, text)
        self.text = text
        return self

    @classmethod
    def of(cls, value: float) -> Double:
        """The double that Redis 8 sends for `value`: the fewest digits that read back the same."""
        if not isfinite(value):
            return cls(repr(value))
        if value.is_integer() and abs(value) <= 2**62 and value:
            return cls(str(int(value)))
        sign, digits, power = Decimal(repr(value)).normalize().as_tuple()
        return cls("-" * sign + _digits("".join(map(str, digits)), int(power)))

    def __repr__(self) -> str:
        return f"Double({self.text!r})"


def _digits(digits: str, power: int) -> str:
    """`digits` times ten to the `power` as Redis's fpconv library lays them out."""
    exponent = power + len(digits) - 1
    if power >= 0 and abs(exponent) < len(digits) + 7:
        return digits + "0" * power
    if power < 0 and (power > -7 or abs(exponent) < 4):
        digits = digits.rjust(-power + 1, "0")
        return f"{digits[:power]}.{digits[power:]}"
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{exponent:+d}"


class _Aggregate(list[Any]):
    __slots__ = ()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list.__repr__(self)})"


class Map(_Aggregate):
    """A RESP3 map as its (key, value) pairs in the order sent: keys may be aggregates and may repeat."""

    __slots__ = ()


class SetReply(_Aggregate):
    """A RESP3 set as its members in the order sent."""

    __slots__ = ()


class Push(_Aggregate):
    """A RESP3 push: a message that answers no command."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A RESP3 verbatim string: three letters that name the format (`txt`, `mkd`), and the data."""

    format: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a reader puts up with, one value at a time.

    `depth`: aggregates inside of each other. `bulk`: bytes of one string. `elements`: of one aggregate (a map
    counts its pairs). `line`: bytes up to a CRLF. `total`: bytes of one whole value with its framing. What a
    value takes in memory is at most about forty times its bytes on the wire (an array of empty statuses).
    """

    depth: int = 128
    bulk: int = 512 * 1024 * 1024
    elements: int = 16 * 1024 * 1024
    line: int = 64 * 1024
    total: int = 1024 * 1024 * 1024


_CRLF = b"\r\n"
_SMALL_PIECE = 1024
# Lengths are mostly small: one lookup instead of checking and converting digits.
_SMALL = {b"%d" % number: number for number in range(1024)}
_LENGTH = re.compile(rb"-1|0|[1-9][0-9]{0,18}")
_INTEGER = re.compile(rb"[+-]?[0-9]{1,19}")
_BIG_NUMBER = re.compile(rb"[+-]?[0-9]{1,4096}")
_DOUBLE = re.compile(rb"[+-]?(?:[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|inf|nan)")
_MAX_DOUBLE = 326  # characters; the longest that hiredis reads

_NAMES = {
    ord("$"): "a bulk string",
    ord("*"): "an array",
    ord("+"): "a status",
    ord("-"): "an error",
    ord(":"): "a 64-bit integer",
    ord("_"): "a null, which is an underscore alone",
    ord(","): "a double",
    ord("#"): "a boolean, which is t or f",
    ord("!"): "a bulk error",
    ord("="): "a verbatim string",
    ord("("): "a big number of at most 4096 digits",
    ord("%"): "a map",
    ord("~"): "a set",
    ord(">"): "a push",
    ord("|"): "an attribute",
}
_BULK, _ARRAY, _STATUS, _ERROR, _INT = b"$*+-:"
_BULK_ERROR, _VERBATIM, _MAP, _SET, _PUSH, _ATTRIBUTE = b"!=%~>|"
_RESP2 = frozenset((_BULK, _ARRAY, _STATUS, _ERROR, _INT))
_RESP3 = frozenset(_NAMES)
_SIZED = frozenset((_BULK_ERROR, _VERBATIM))
# How many values one element of the aggregate is.
_AGGREGATES = {_ARRAY: 1, _MAP: 2, _SET: 1, _PUSH: 1, _ATTRIBUTE: 2}
_NULLABLE = frozenset((_BULK, _ARRAY))


class Reader:
    """Reads values from a stream of bytes that arrives in any pieces.

    `feed` it what arrived, then `read` until it answers `INCOMPLETE`. Values are `bytes` for bulk strings,
    `SimpleString`, `ErrorReply` (not raised), `int`, `None`, `bool`, `Double`, `BigNumber`, `Verbatim`,
    `list`, `Map`, `SetReply` and `Push`; attributes are read and left out. `protocol=2` refuses the types of
    RESP3. RESP2's null array becomes `null_array`: None unless `NULL_ARRAY` or something else is asked for.

    The work is proportional to the bytes fed, whatever the pieces. After a `ProtocolError` the stream cannot
    be read on: every further `read` raises the same error.
    """

    def __init__(self, protocol: int = 3, limits: Limits | None = None, null_array: object = None) -> None:
        if protocol not in (2, 3):
            raise ValueError(f"protocol is 2 or 3, not {protocol!r}")
        self.limits = limits or Limits()
        self._types = _RESP2 if protocol == 2 else _RESP3
        self._null_array = null_array
        self._error: ProtocolError | None = None
        self._fed = 0
        # The bytes being read, where the next item begins in them, and where they begin in the stream.
        self._buffer = b""
        self._position = 0
        self._base = 0
        # What was fed since; joined to the buffer only when the item at `_position` can be whole.
        self._chunks: list[bytes] = []
        self._needed = 0
        self._needs_line = False
        self._line_came = False
        # The aggregates that are open: (kind, items, values missing), the innermost apart.
        self._outer: list[tuple[int, list[Any] | None, int]] = []
        self._kind = 0
        self._items: list[Any] | None = None
        self._missing = 0
        self._start = 0

    @property
    def offset(self) -> int:
        """How many bytes the values returned so far took: where the next one begins in the stream."""
        return self._start

    @property
    def buffered(self) -> int:
        """How many bytes were fed that belong to no returned value yet; 0 between two values."""
        return self._fed - self._start

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take more of the stream; the data is copied unless it is `bytes`. Never raises."""
        if self._error is not None or not len(data):
            return
        chunk = bytes(data)
        # A peer that sends byte by byte must not make us keep an object for each.
        if self._chunks and len(chunk) < _SMALL_PIECE and len(self._chunks[-1]) < _SMALL_PIECE:
            self._chunks[-1] += chunk
        else:
            self._chunks.append(chunk)
        self._fed += len(chunk)
        if self._needs_line and b"\n" in chunk:
            self._line_came = True

    def __iter__(self) -> Iterator[Any]:
        """The values that are whole."""
        while (value := self.read()) is not INCOMPLETE:
            yield value

    def read(self) -> Any:
        """The next value, or `INCOMPLETE`.

        Raises `ProtocolError` for bytes that cannot become a value, and for a value over one of the limits.
        """
        if self._error is not None:
            raise self._error
        if self._chunks and not self._join():
            return INCOMPLETE
        buffer, position = self._buffer, self._position
        size, find, small = len(buffer), buffer.find, _SMALL.get
        limits, items, missing = self.limits, self._items, self._missing
        while True:
            end = find(_CRLF, position)
            if end < 0:
                self._items, self._missing = items, missing
                return self._wait_for_line(position)
            kind, line, following = buffer[position], buffer[position + 1 : end], end + 2
            if kind not in self._types:
                self._refuse(kind, position)
            if following - position > limits.line:
                self._fail(f"no CRLF within {limits.line} bytes", position)
            value: Any
            if kind == _BULK or kind in _SIZED:
                length = small(line, -2)
                if length < 0 or length > limits.bulk:
                    length = self._length(kind, line, position, limits.bulk)
                if length < 0:
                    value = None
                else:
                    stop = following + length
                    if size < stop + 2:
                        self._items, self._missing = items, missing
                        return self._wait_for(position, stop + 2)
                    if buffer[stop : stop + 2] != _CRLF:
                        self._fail(f"no CRLF behind the {length} bytes of {_NAMES[kind]}", stop)
                    value = buffer[following:stop] if kind == _BULK else self._sized(kind, following, stop)
                    following = stop + 2
            elif kind == _INT:
                value = small(line)
                if value is None:
                    value = self._integer(line, position)
            elif kind in _AGGREGATES:
                if kind == _PUSH and items is not None:
                    self._fail("a push cannot be inside of another value", position)
                count = small(line, -2)
                if count < 0 or count > limits.elements:
                    count = self._length(kind, line, position, limits.elements)
                if count > 0:
                    self._open(kind, items, missing, position)
                    items, missing = [], count * _AGGREGATES[kind]
                    position = following
                    continue
                value = self._null_array if count < 0 else _close(kind, [])
            else:
                value = self._one_line(kind, line, position)
            position = following
            if kind == _ATTRIBUTE:
                continue
            # A value is whole; it may be the last of its aggregate, which may be the last of its own.
            while items is not None:
                items.append(value)
                missing -= 1
                if missing:
                    break
                kind, value = self._kind, _close(self._kind, items)
                self._kind, items, missing = self._outer.pop()
                if kind == _ATTRIBUTE:
                    break
            else:
                self._position = position
                return self._finish(value)

    def _open(self, kind: int, items: list[Any] | None, missing: int, position: int) -> None:
        """Put the open aggregate away, because one inside of it begins at `position`."""
        if len(self._outer) >= self.limits.depth:
            self._fail(f"more than {self.limits.depth} aggregates inside of each other", position)
        self._outer.append((self._kind, items, missing))
        self._kind = kind

    def _join(self) -> bool:
        """Append what was fed to the buffer, if the item that was waited for can be whole now."""
        available = self._fed - self._base - self._position
        if self._needs_line and not self._line_came:
            if available >= self.limits.line:
                self._fail(f"no CRLF within {self.limits.line} bytes", self._position)
            return False
        if available < self._needed:
            return False
        self._buffer = b"".join((self._buffer[self._position :], *self._chunks))
        self._base += self._position
        self._position = 0
        self._chunks.clear()
        return True

    def _wait_for_line(self, position: int) -> Any:
        """Remember that the item at `position` has a CRLF yet to come, if it can become one."""
        rest = len(self._buffer) - position
        if rest and self._buffer[position] not in self._types:
            self._refuse(self._buffer[position], position)
        if (bare := self._buffer.find(b"\n", position)) >= 0:
            self._fail("a line must end with CRLF, not LF alone", bare)
        if rest >= self.limits.line:
            self._fail(f"no CRLF within {self.limits.line} bytes", position)
        self._wait_for(position, position + rest + 1)
        # Not before its first byte was seen: that one may be refused without waiting for the CRLF.
        self._needs_line, self._line_came = rest > 0, False
        return INCOMPLETE

    def _wait_for(self, position: int, stop: int) -> Any:
        """Remember that the item at `position` goes on to `stop` at least, if the limits let it."""
        self._position = position
        self._needed = stop - position
        self._needs_line = False
        if self._base + stop - self._start > self.limits.total:
            self._fail(f"a value of more than {self.limits.total} bytes", position)
        return INCOMPLETE

    def _finish(self, value: Any) -> Any:
        """Hand out a whole value and let go of its bytes."""
        end = self._base + self._position
        if end - self._start > self.limits.total:
            self._fail(f"a value of more than {self.limits.total} bytes", self._start - self._base)
        self._start = end
        self._items, self._needed, self._needs_line = None, 0, False
        if self._position == len(self._buffer):
            self._buffer, self._base, self._position = b"", end, 0
        return value

    def _fail(self, message: str, position: int) -> NoReturn:
        self._error = ProtocolError(message, self._base + position)
        self._buffer, self._items = b"", None
        self._chunks.clear()
        self._outer.clear()
        raise self._error

    def _refuse(self, kind: int, position: int) -> NoReturn:
        if kind in _RESP3:
            self._fail(f"{chr(kind)!r} begins a value of RESP3, but this connection speaks RESP2", position)
        self._fail(f"a value cannot begin with {_shown(bytes([kind]))}", position)

    def _length(self, kind: int, line: bytes, position: int, most: int) -> int:
        if not _LENGTH.fullmatch(line) or (line == b"-1" and kind not in _NULLABLE):
            self._fail(f"{_shown(line)} is not the length of {_NAMES[kind]}", position)
        length = int(line)
        if length > most:
            self._fail(f"{_NAMES[kind]} of {length}, but at most {most} is allowed", position)
        return length

    def _sized(self, kind: int, start: int, stop: int) -> Verbatim | ErrorReply:
        """A verbatim string or a bulk error from its payload."""
        data = self._buffer[start:stop]
        if kind == _BULK_ERROR:
            return ErrorReply(data.decode("utf-8", "surrogateescape"))
        if data[3:4] != b":" or not data[:3].isalnum():
            self._fail("a verbatim string begins with three letters and a colon", start)
        return Verbatim(data[:3].decode("ascii"), data[4:])

    def _integer(self, line: bytes, position: int) -> int:
        if not _INTEGER.fullmatch(line) or not -(2**63) <= int(line) < 2**63:
            self._fail(f"{_shown(line)} is not a 64-bit integer", position)
        return int(line)

    def _one_line(self, kind: int, line: bytes, position: int) -> Any:
        """The value of a type that is one line and neither an integer nor a length."""
        if kind in (_STATUS, _ERROR):
            if b"\n" in line or b"\r" in line:
                self._fail(f"{_NAMES[kind]} cannot hold a CR or LF", position)
            text = line.decode("utf-8", "surrogateescape")
            return SimpleString(text) if kind == _STATUS else ErrorReply(text)
        match chr(kind):
            case "_" if not line:
                return None
            case "#" if line in (b"t", b"f"):
                return line == b"t"
            case "," if len(line) <= _MAX_DOUBLE and _DOUBLE.fullmatch(line):
                return Double(line.decode("ascii"))
            case "(" if _BIG_NUMBER.fullmatch(line):
                return BigNumber(line)
        return self._fail(f"{_shown(line)} is not {_NAMES[kind]}", position)


def _close(kind: int, items: list[Any]) -> Any:
    """The value of an aggregate from its items."""
    if kind == _ARRAY:
        return items
    if kind == _MAP:
        pairs = iter(items)
        return Map(zip(pairs, pairs, strict=True))
    return SetReply(items) if kind == _SET else Push(items)


def _shown(data: bytes) -> str:
    return repr(data if len(data) <= 32 else data[:32] + b"...").removeprefix("b")


def _as_bytes(value: bytes | bytearray | memoryview | str) -> bytes:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(value)


def encode_command(*args: bytes | bytearray | memoryview | str | int | float) -> bytes:
    """The command as an array of bulk strings; text as UTF-8, numbers as Python's repr writes them.

    Raises `ValueError` without arguments and `TypeError` for one of another type (a bool is none of these).
    """
    if not args:
        raise ValueError("a command has at least one word: its name")
    parts = [b"*%d\r\n" % len(args)]
    for arg in args:
        if isinstance(arg, bool) or not isinstance(arg, bytes | bytearray | memoryview | str | int | float):
            raise TypeError(f"an argument is bytes, str, int or float, not {type(arg).__name__}: {arg!r}")
        data = repr(arg).encode() if isinstance(arg, int | float) else _as_bytes(arg)
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def encode_reply(value: object, protocol: int = 2) -> bytes:
    """The reply as a server that speaks `protocol` (2 or 3) sends it.

    Takes what `Reader` gives and Python's own str (a bulk string), dict, set and tuple. With protocol 2 the
    types of RESP3 become what Redis makes of them there: a map is flat, a bool an integer, a double and a big
    number a bulk string.

    Raises `TypeError` for a value that is no reply, `ValueError` for a status, or with protocol 2 an error,
    that holds a line end.
    """
    if protocol not in (2, 3):
        raise ValueError(f"protocol is 2 or 3, not {protocol!r}")
    parts: list[bytes] = []
    todo: list[object] = [value]
    while todo:
        item = todo.pop()
        items, mark = _members(item)
        if items is None:
            parts.append(_encode_scalar(item, protocol))
            continue
        if protocol == 2:
            mark = b"*"
        parts.append(b"%b%d\r\n" % (mark, len(items) // 2 if mark == b"%" else len(items)))
        todo.extend(reversed(items))
    return b"".join(parts)


def _members(value: object) -> tuple[list[object] | None, bytes]:
    """What an aggregate holds and its first byte; (None, b"") for any other value."""
    match value:
        case Map():
            return [member for pair in value for member in pair], b"%"
        case Mapping():
            return [member for pair in value.items() for member in pair], b"%"
        case SetReply() | AbstractSet():
            return list(value), b"~"
        case Push():
            return list(value), b">"
        case list() | tuple():
            return list(value), b"*"
        case _:
            return None, b""


def _encode_scalar(value: object, protocol: int) -> bytes:
    match value:
        case bytes() | bytearray() | memoryview():
            return _encode_bulk(b"$", bytes(value))
        case SimpleString():
            return b"+%b\r\n" % _one_line(value)
        case str():
            return _encode_bulk(b"$", _as_bytes(value))
        case ErrorReply():
            if protocol == 3 and ("\r" in value.text or "\n" in value.text):
                return _encode_bulk(b"!", _as_bytes(value.text))
            return b"-%b\r\n" % _one_line(value.text)
        case None:
            return b"_\r\n" if protocol == 3 else b"$-1\r\n"
        case _Sentinel.NULL_ARRAY:
            return b"_\r\n" if protocol == 3 else b"*-1\r\n"
        case bool():
            return (b"#t\r\n" if value else b"#f\r\n") if protocol == 3 else b":%d\r\n" % value
        case int():
            if isinstance(value, BigNumber) or not -(2**63) <= value < 2**63:
                digits = int.__repr__(value).encode()
                return b"(%b\r\n" % digits if protocol == 3 else _encode_bulk(b"$", digits)
            return b":%d\r\n" % value
        case float():
            text = (value if isinstance(value, Double) else Double.of(value)).text.encode()
            return b",%b\r\n" % text if protocol == 3 else _encode_bulk(b"$", text)
        case Verbatim():
            if protocol == 2:
                return _encode_bulk(b"$", value.data)
            return _encode_bulk(b"=", value.format.encode() + b":" + value.data)
        case _:
            raise TypeError(f"a reply cannot hold a {type(value).__name__}: {value!r}")


def _encode_bulk(mark: bytes, data: bytes) -> bytes:
    return b"%b%d\r\n%b\r\n" % (mark, len(data), data)


def _one_line(text: str) -> bytes:
    if "\r" in text or "\n" in text:
        raise ValueError(f"a status or an error is one line, without CR or LF: {text!r}")
    return _as_bytes(text)
