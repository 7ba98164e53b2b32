"""The wire format: requests in (`RequestReader`), replies out (`encode`).

A client sends each command as an array of bulk strings, or as one plain line. TCP is a stream of bytes: one `recv` may
bring half a command or a hundred. So the reader keeps what it has and answers one of three things: a command, "not yet"
(`None`), or `ProtocolError`, after which the stream has no meaning any more and the connection ends.

Handlers return Python values; `encode` writes them in the protocol the client speaks, RESP2 or RESP3.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from miniredis.numbers import format_double, parse_int
from miniredis.words import split_words

CRLF = b"\r\n"
# Redis's limits (networking.c): a line that is not finished after 64 KiB never will be.
MAX_LINE = 64 * 1024
MAX_BULK = 512 * 1024 * 1024
MAX_ARGUMENTS = 2**31 - 1
MAX_ARGUMENTS_UNAUTHENTICATED = 10
MAX_BULK_UNAUTHENTICATED = 16384

# A header that is in this table needs no closer look; what is short is what there is most of.
_USUAL_LENGTHS = {b"$%d" % length: length for length in range(1024)}
# The same from the other side, for arrays of at least so many strings.
_LENGTHS = list(_USUAL_LENGTHS)
MANY = 16

# What a handler may return: bytes, int, float, None, bool, list, tuple, or one of the classes below, nested at will.
Reply: TypeAlias = object
Args: TypeAlias = list[bytes]


class ProtocolError(Exception):
    """The bytes are not RESP; the text is what Redis answers before it hangs up."""


# Types of replies that are written in one piece; subclasses of CommandError add themselves.
_WHOLE_LINES: set[type] = set()


class CommandError(Exception):
    """An error reply: raise it, or put it into a list where one of several replies is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __init_subclass__(cls) -> None:
        _WHOLE_LINES.add(cls)


class WrongType(CommandError):
    """The key holds another type than the command works on."""

    def __init__(self) -> None:
        super().__init__("WRONGTYPE Operation against a key holding the wrong kind of value")


class Status:
    """A simple string such as +OK, encoded once."""

    __slots__ = ("text", "wire")

    def __init__(self, text: str) -> None:
        self.text = text
        self.wire = b"+%b\r\n" % text.encode()


class Map(list[Any]):
    """Pairs: a map in RESP3, a flat array in RESP2. Written as [key, value, key, value …]."""


class SetReply(list[Any]):
    """A set in RESP3, an array in RESP2."""


class Push(list[Any]):
    """A message nobody asked for just now: a push in RESP3, an array in RESP2."""


class Verbatim:
    """Text with a format ("txt", "mkd"); a bulk string in RESP2."""

    __slots__ = ("format", "text")

    def __init__(self, text: bytes, format: str = "txt") -> None:
        self.text = text
        self.format = format


class Raw:
    """Bytes that are already encoded."""

    __slots__ = ("wire",)

    def __init__(self, wire: bytes) -> None:
        self.wire = wire


class _Sentinel:
    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


_WHOLE_LINES.update({CommandError, Status, Raw})

OK = Status("OK")
PONG = Status("PONG")
QUEUED = Status("QUEUED")
# RESP2 knows two nulls: `None` is the null bulk string, this the null array. RESP3 has one.
NULL_ARRAY = _Sentinel("NULL_ARRAY")
# The handler has sent its reply itself, or the client waits for one.
NO_REPLY = _Sentinel("NO_REPLY")


class RequestReader:
    """Turns bytes as they arrive into commands, each a list of arguments.

    `feed` takes bytes; `next` returns a command, or None until more bytes are there. What has been understood of a
    command that is still incomplete is kept, so a large one in a thousand packets is not read a thousand times.

    Raises (from `next`):
        ProtocolError: with the text Redis sends; the reader must not be used afterwards.
    """

    __slots__ = ("_args", "_at", "_data", "_lacking", "_length", "_missing", "_pieces", "authenticated")

    def __init__(self) -> None:
        self.authenticated = True  # what strangers may send is limited further
        self._data = b""
        self._at = 0  # everything before has been used
        self._args: Args = []
        self._missing = 0  # arguments of the current command still to come; 0 between commands
        self._length = -1  # length of the argument at `_at`; -1 while its header is to come
        self._pieces: list[bytes] = []  # what has come of a long argument, joined when it is complete
        self._lacking = 0  # bytes it still lacks

    @property
    def buffered(self) -> int:
        """Bytes that wait for the rest of their command."""
        return len(self._data) - self._at + sum(map(len, self._pieces))

    def feed(self, data: bytes) -> None:
        """Add what a `recv` brought."""
        raise NotImplementedError("mini.ping")  # course hint mini.ping

    def next(self) -> Args | None:
        """Return the next complete command, or None when there is none yet. An empty list is an empty line."""
        raise NotImplementedError("mini.ping")  # course hint mini.ping

    # mini.ping: yours to build (course hint mini.ping)

    def _inline(self) -> Args | None:
        """Read a command a person typed: words in one line, quoted as in a shell."""
        raise NotImplementedError("mini.inline")  # course hint mini.inline


def encode(reply: Reply, protocol: int = 2) -> bytes:
    """Write a handler's value as RESP, in the version the client asked for with HELLO."""
    if type(reply) is Status:
        return reply.wire
    out: list[bytes] = []
    _write(reply, out, protocol)
    return b"".join(out)


def encode_error(text: str) -> bytes:
    """An error reply: one line, whatever its text quotes. Bytes that are no text are in it as Latin-1."""
    return b"-%b\r\n" % text.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace")


def encode_command(*args: bytes) -> bytes:
    """A command as a client sends it and as the append-only file keeps it."""
    return b"*%d\r\n" % len(args) + b"".join([b"$%d\r\n%b\r\n" % (len(a), a) for a in args])


def _write(reply: Any, out: list[bytes], protocol: int) -> None:
    kind = type(reply)
    if kind in _WHOLE_LINES:
        out.append(encode_error(reply.text) if isinstance(reply, CommandError) else reply.wire)
        return
    # mini.echo: yours to build (course hint mini.echo)


def _write_items(items: Sequence[Any], out: list[bytes], protocol: int) -> None:
    """What stands in an array, a map or a set, one after the other."""
    if len(items) >= MANY and type(items[0]) is bytes:
        strings = _many_strings(items)
        if strings is not None:
            out.append(strings)
            return
    for item in items:
        if type(item) is bytes:  # most items of most arrays
            out.append(b"$%d\r\n%b\r\n" % (len(item), item))
        else:
            _write(item, out, protocol)


def _many_strings(items: Sequence[Any]) -> bytes | None:
    """Strings as one piece; None where an item is something else, or longer than the table of lengths.

    "$3", "one", "$3", "two" … joined by line ends are what is wanted, and no step of it is a loop in Python: LRANGE of
    a hundred items is written in half the time.
    """
    pieces: list[Any] = [b""] * (2 * len(items) + 1)
    try:
        pieces[:-1:2] = map(_LENGTHS.__getitem__, map(len, items))
        pieces[1::2] = items
        return CRLF.join(pieces)
    except (TypeError, IndexError):
        return None


def _write_rare(reply: Any, out: list[bytes], protocol: int) -> None:
    """The replies that differ between RESP2 and RESP3."""
    if isinstance(reply, bool):
        out.append((b"#t\r\n" if reply else b"#f\r\n") if protocol == 3 else b":%d\r\n" % reply)
    elif isinstance(reply, float):
        text = format_double(reply)
        out.append(b",%b\r\n" % text if protocol == 3 else b"$%d\r\n%b\r\n" % (len(text), text))
    elif reply is NULL_ARRAY:
        out.append(b"*-1\r\n" if protocol == 2 else b"_\r\n")
    elif isinstance(reply, Verbatim):
        text = reply.text
        if protocol == 3:
            out.append(b"=%d\r\n%b:%b\r\n" % (len(text) + 4, reply.format.encode(), text))
        else:
            out.append(b"$%d\r\n%b\r\n" % (len(text), text))
    elif isinstance(reply, Map):
        out.append(b"%%%d\r\n" % (len(reply) // 2) if protocol == 3 else b"*%d\r\n" % len(reply))
        _write_items(reply, out, protocol)
    elif isinstance(reply, (SetReply, Push)):
        mark = (b"~" if isinstance(reply, SetReply) else b">") if protocol == 3 else b"*"
        out.append(b"%b%d\r\n" % (mark, len(reply)))
        _write_items(reply, out, protocol)
    else:
        raise TypeError(f"a handler returned {reply!r}, which RESP has no form for")
