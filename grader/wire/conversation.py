"""One connection seen from its middle: which commands the client sent, and which reply answers which.

`Proxy` feeds it the bytes of both directions as they came, in any pieces. It knows what a client library knows:
that a published message answers nothing, that SUBSCRIBE is answered once for every channel, that CLIENT REPLY
OFF ends all answers, that MONITOR begins a stream, and that HELLO changes the protocol. It never raises: bytes
that are no protocol (or a replication stream) end the reading, not the passing on.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from grader.resp import INCOMPLETE, Limits, Map, ProtocolError, Push, Reader, SimpleString
from grader.wire.transcript import Command, Exchange

# Redis's own limits: PROTO_INLINE_MAX_SIZE, the most arguments, proto-max-bulk-len, client-query-buffer-limit.
_MAX_LINE = 64 * 1024
_MAX_ARGUMENTS = 2**31 - 1
_MAX_BULK = 512 * 1024 * 1024
_MAX_COMMAND = 1024 * 1024 * 1024
# What Python adds to the bytes of an argument.
_ARGUMENT_BYTES = 41
_SMALL_PIECE = 1024

_SETUP = frozenset({b"HELLO", b"AUTH", b"SELECT", b"READONLY"})
_SETUP_CLIENT = frozenset({b"SETNAME", b"SETINFO", b"MAINT_NOTIFICATIONS", b"TRACKING", b"NO-EVICT", b"NO-TOUCH"})
_KINDS = {
    b"SUBSCRIBE": b"channel",
    b"UNSUBSCRIBE": b"channel",
    b"PSUBSCRIBE": b"pattern",
    b"PUNSUBSCRIBE": b"pattern",
    b"SSUBSCRIBE": b"shard",
    b"SUNSUBSCRIBE": b"shard",
}
_MESSAGES = frozenset({b"message", b"pmessage", b"smessage"})
_MONITORED = re.compile(r"\d+\.\d+ \[")


class CommandReader:
    """The commands in what a client sends, in any pieces: arrays of bulk strings, or lines typed by hand.

    The work is proportional to the bytes fed; what is kept is at most the one command that is not whole. After
    something that Redis would refuse, `lost` says what, and nothing more is read.
    """

    def __init__(self, most: int = _MAX_COMMAND) -> None:
        self._most = most
        self._held = 0
        self.offset = 0
        self.lost = ""
        self._chunks: list[bytes] = []
        self._size = 0
        self._needed = 1
        self._base = 0
        self._args: list[bytes] = []
        self._missing = 0

    def feed(self, data: bytes) -> list[tuple[Command, int]]:
        """The commands that are whole now, each with the offset in the stream of its end."""
        self.offset += len(data)
        if self.lost:
            return []
        # A peer that sends byte by byte must not make us keep an object for each.
        if self._chunks and len(data) < _SMALL_PIECE and len(self._chunks[-1]) < _SMALL_PIECE:
            self._chunks[-1] += data
        else:
            self._chunks.append(data)
        self._size += len(data)
        if self._size < self._needed:
            return []
        buffer = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        found: list[tuple[Command, int]] = []
        at = 0
        try:
            at = self._read(buffer, found)
        except ValueError as error:
            self.lost = str(error)
        if self.lost:
            self._chunks, self._size, self._args = [], 0, []
            return found
        self._base += at
        self._chunks, self._size = [buffer[at:]], len(buffer) - at
        return found

    def _read(self, buffer: bytes, found: list[tuple[Command, int]]) -> int:
        """Read on from the start of `buffer`; returns how much of it is done with."""
        at, size = 0, len(buffer)
        while True:
            end = buffer.find(b"\n", at)
            if end < 0:
                if size - at > _MAX_LINE:
                    raise ValueError("a line without an end")
                self._needed = size - at + 1
                return at
            if self._missing:
                length = _number(buffer, at, end, b"$", _MAX_BULK)
                stop = end + 1 + length
                if size < stop + 2:
                    self._needed = stop + 2 - at
                    return at
                self._args.append(buffer[end + 1 : stop])
                self._missing -= 1
                self._held += length + _ARGUMENT_BYTES
                if self._held > self._most:
                    raise ValueError(f"a command of more than {self._most} bytes")
                at = stop + 2
            elif buffer[at] == 42:  # *
                self._missing = max(_number(buffer, at, end, b"*", _MAX_ARGUMENTS), 0)
                at = end + 1
            else:
                self._args = buffer[at:end].split()
                at = end + 1
            if not self._missing and self._args:
                found.append((tuple(self._args), self._base + at))
                self._args, self._held = [], 0


def _number(buffer: bytes, at: int, end: int, mark: bytes, most: int) -> int:
    """The length in the line from `at` to `end`; -1 only where Redis takes it, for an array of nothing."""
    line = buffer[at:end]
    if line[:1] != mark or line[-1:] != b"\r":
        raise ValueError(f"expected {mark.decode()!r} and a length, not {line[:20]!r}")
    number = int(line[1:-1])
    if number > most or number < (-1 if mark == b"*" else 0):
        raise ValueError(f"invalid length {number}")
    return number


@dataclass(slots=True)
class Sent:
    """A command that became whole, and the place of its bytes in the client's stream."""

    exchange: Exchange
    hidden: bool
    start: int
    end: int


@dataclass(slots=True)
class Arrived:
    """A value that became whole, the exchange it answers if any, and the place of its bytes in the server's stream.

    `last` is False for the confirmations of a SUBSCRIBE that more of them follow.
    """

    exchange: Exchange | None
    value: Any
    data: bytes
    start: int
    end: int
    last: bool = True


class Conversation:
    """What is said on one connection. `label` is the client's name, or `number` while it has none."""

    def __init__(self, number: int, limits: Limits | None = None) -> None:
        self.number = number
        self.label = str(number)
        self.named = False
        self.owed: deque[Exchange] = deque()
        self.lost = ""
        self.protocol = 2
        self._commands = CommandReader()
        self._sent_until = 0
        self._reader = Reader(limits=limits)
        self._tail: list[bytes] = []
        self._tail_base = 0
        self._in_setup = True
        self._in_multi = False
        self._silent = False
        self._skip = 0
        self._monitoring = False
        self._subscribed: dict[bytes, set[bytes]] = {b"channel": set(), b"pattern": set(), b"shard": set()}
        self._confirmations = 0

    @property
    def in_command(self) -> bool:
        """Whether the client has begun a command and not ended it."""
        return self._sent_until < self._commands.offset

    @property
    def sent_until(self) -> int:
        """How many bytes the client has sent."""
        return self._commands.offset

    @property
    def reply_begins(self) -> int:
        """Where in the server's stream the value begins that is not whole yet."""
        return self._reader.offset

    def sent(self, data: bytes, at: float) -> list[Sent]:
        """Take what the client sent at the time `at`; returns the commands that are whole now."""
        found = []
        for command, end in self._commands.feed(data):
            exchange = Exchange(command, self.label, sent_at=at)
            hidden = self._begin(exchange)
            found.append(Sent(exchange, hidden, self._sent_until, end))
            self._sent_until = end
        if self._commands.lost and not self.lost:
            self.lost = f"the client's bytes are no commands: {self._commands.lost}"
        return found

    def _begin(self, exchange: Exchange) -> bool:
        """What a command changes when it is sent; whether it belongs to the set-up of the connection."""
        # Names are short; a value behind them may be megabytes.
        words = [word[:20].upper() for word in exchange.command[:3]]
        name = words[0]
        second = words[1] if len(words) > 1 else b""
        self._in_setup = self._in_setup and (
            name in _SETUP
            or (name == b"CLIENT" and second in _SETUP_CLIENT)
            or (name == b"COMMAND" and second == b"DOCS")
        )
        if name == b"CLIENT" and second == b"SETNAME" and len(exchange.command) > 2:
            self._name(exchange, exchange.command[2])
        elif name == b"HELLO" and b"SETNAME" in (upper := [word.upper() for word in exchange.command]):
            self._name(exchange, b"".join(exchange.command[upper.index(b"SETNAME") + 1 :][:1]))
        if self._is_answered(name, words):
            self.owed.append(exchange)
        else:
            exchange.lost = "no reply: CLIENT REPLY is off"
        if name in (b"PSYNC", b"SYNC"):
            self.lost = "a replication stream from here"
        elif name == b"MULTI":
            self._in_multi = True
        elif name in (b"EXEC", b"DISCARD", b"RESET"):
            self._in_multi = False
        return self._in_setup

    def _name(self, exchange: Exchange, name: bytes) -> None:
        self.label = name.decode("utf-8", "backslashreplace") or str(self.number)
        self.named = bool(name)
        exchange.client = self.label

    def _is_answered(self, name: bytes, words: list[bytes]) -> bool:
        """Whether the server will answer: CLIENT REPLY OFF and SKIP say it will not."""
        skipped, self._skip = self._skip > 0, 0
        if name == b"CLIENT" and words[1:2] == [b"REPLY"] and not self._in_multi:
            match words[2:3]:
                case [b"ON"]:
                    self._silent = False
                    return True
                case [b"OFF"]:
                    self._silent = True
                    return False
                case [b"SKIP"]:
                    self._skip = 0 if self._silent else 1
                    return False
        if name == b"RESET":
            self._silent = False
        return not (self._silent or skipped)

    def received(self, data: bytes, at: float) -> list[Arrived]:
        """Take what the server sent at the time `at`; returns the values that are whole now."""
        if self.lost:
            return []
        self._reader.feed(data)
        if self._tail and len(data) < _SMALL_PIECE and len(self._tail[-1]) < _SMALL_PIECE:
            self._tail[-1] += data
        else:
            self._tail.append(data)
        found: list[Arrived] = []
        joined = b""
        start = self._reader.offset
        while True:
            try:
                value = self._reader.read()
            except ProtocolError as error:
                self.lost = f"the server's bytes are no replies: {error}"
                self._tail = []
                return found
            if value is INCOMPLETE:
                break
            if not found:
                joined = self._tail[0] if len(self._tail) == 1 else b"".join(self._tail)
            end = self._reader.offset
            arrived = Arrived(None, value, joined[start - self._tail_base : end - self._tail_base], start, end)
            self._attribute(arrived, at)
            found.append(arrived)
            start = end
        if found:
            self._tail = [joined[start - self._tail_base :]]
            self._tail_base = start
        return found

    def _attribute(self, arrived: Arrived, at: float) -> None:
        """Find the exchange that a value answers, and take note of what the answer changes."""
        value = arrived.value
        exchange = self.owed[0] if self.owed else None
        kind = _KINDS.get(exchange.command[0].upper()) if exchange is not None else None
        if exchange is None or self._is_message(value):
            return
        if kind is not None and _confirms(value, exchange):
            first, left = self._confirm(exchange, kind, value)
            arrived.last = not left
            if not first:
                if not left:
                    self.owed.popleft()
                return
        elif isinstance(value, Push):
            return
        if arrived.last:
            self.owed.popleft()
        arrived.exchange = exchange
        exchange._value, exchange._received = value, arrived.data
        exchange.answered, exchange.answered_at = True, at
        self._answered(exchange.command[0].upper(), value)

    def _is_message(self, value: Any) -> bool:
        """Whether a value that is no push is one in meaning: a message in RESP2, a line of MONITOR."""
        if isinstance(value, SimpleString):
            return self._monitoring and _MONITORED.match(value) is not None
        subscribed = self.protocol == 2 and any(self._subscribed.values())
        return subscribed and type(value) is list and bool(value) and value[0] in _MESSAGES

    def _confirm(self, exchange: Exchange, kind: bytes, value: Any) -> tuple[bool, int]:
        """Take a confirmation of SUBSCRIBE or the like: whether it is the first, and how many are to come."""
        channels = self._subscribed[kind]
        first = not self._confirmations
        if first:
            self._confirmations = len(exchange.command) - 1 or max(1, len(channels))
        self._confirmations -= 1
        if exchange.name.endswith("UNSUBSCRIBE"):
            channels.discard(value[1])
        else:
            channels.add(value[1])
        return first, self._confirmations

    def _answered(self, name: bytes, value: Any) -> None:
        """What a reply changes."""
        if name == b"HELLO" and isinstance(value, Map | list):
            self.protocol = 3 if isinstance(value, Map) else 2
        elif name == b"MONITOR" and value == "OK":
            self._monitoring = True
        elif name == b"RESET" and value == "RESET":
            self.protocol, self._monitoring = 2, False
            self.label, self.named = str(self.number), False
            for channels in self._subscribed.values():
                channels.clear()

    def closed(self, why: str) -> None:
        """The connection ended: what was not answered never will be."""
        for exchange in self.owed:
            if not exchange.answered and not exchange.lost:
                exchange.lost = f"no reply: {why}"
        self.owed.clear()
        self._tail = []


def _confirms(value: Any, exchange: Exchange) -> bool:
    """Whether a value is `[subscribe, channel, count]` and the command was SUBSCRIBE, and so for its relatives."""
    return isinstance(value, list) and len(value) == 3 and value[0] == exchange.command[0].lower()
