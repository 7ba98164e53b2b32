"""What was said on a wire: commands with their replies, round trips and bytes, as redis-cli shows them.

`Exchange` is one command, `Cost` a stretch of them, `Transcript` everything a wire has seen. `Wire` (a recording
client) and `Proxy` (which stands between any client and a server) fill them in and are read in the same way.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from grader.resp import INCOMPLETE, ErrorReply, Push, Reader, encode_command
from grader.wire.redis_cli import format_command, format_reply

Command = tuple[bytes, ...]
Match = str | int | Callable[[Command], bool]


class Resolver(Protocol):
    """Who can tell more about an exchange than was read so far."""

    def resolve(self) -> None:
        """Read what has come, and tell the exchanges."""


class Stream:
    """The bytes read from one socket, given to the exchanges they answer when somebody asks.

    redis-py's parser tells neither a status from a string nor keeps an error's first word; what came over the
    wire does. Keeping the bytes costs little while the client runs; they are read again only to be shown.
    """

    def __init__(self) -> None:
        self.chunks: deque[bytes] = deque()
        self.owed: deque[Exchange | None] = deque()
        self._reader = Reader()
        self._bytes = b""
        self._lock = threading.Lock()

    def resolve(self) -> None:
        """Give every exchange that was answered its reply's bytes and value."""
        with self._lock:
            arrived = [self.chunks.popleft() for _ in range(len(self.chunks))]
            data = self._bytes + b"".join(arrived)
            base = self._reader.offset
            for chunk in arrived:
                self._reader.feed(chunk)
            while self.owed:
                start = self._reader.offset
                value = self._reader.read()
                if value is INCOMPLETE:
                    break
                if isinstance(value, Push):
                    continue
                exchange = self.owed.popleft()
                if exchange is not None:
                    exchange._value = value
                    exchange._received = data[start - base : self._reader.offset - base]
            self._bytes = data[self._reader.offset - base :]


@dataclass(slots=True, eq=False)
class Exchange:
    """One command and its reply.

    `command` holds the arguments as sent; `client` is the label given to `Wire.client`; `trip` numbers the
    round trips of the wire from 0, and the commands of one pipeline share it. `reply` is what redis-py parsed,
    before its response callbacks; it is None for an error, whose text is in `error`, and while `answered` is
    False. `value` and `received` are the reply as it came over the wire. A proxy knows the times, in seconds of
    `time.monotonic()`, and says in `lost` why no reply came where none could.
    """

    command: Command
    client: str = ""
    trip: int = -1
    reply: Any = None
    answered: bool = False
    lost: str = ""
    sent_at: float | None = field(default=None, repr=False)
    answered_at: float | None = field(default=None, repr=False)
    _error: str | None = None
    _stream: Resolver | None = field(default=None, repr=False)
    _value: Any = field(default=INCOMPLETE, repr=False)
    _received: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """The first word of the command, upper case."""
        return self.command[0].decode("utf-8", "backslashreplace").upper()

    @property
    def value(self) -> Any:
        """The reply as `grader.resp.Reader` reads it: OK is a `SimpleString`, an error an `ErrorReply`.

        What redis-py parsed where the bytes were not kept: a push of RESP3, a connection that broke.
        """
        self._resolve()
        if self._value is not INCOMPLETE:
            return self._value
        return self.reply if self._error is None else ErrorReply(self._error)

    @property
    def error(self) -> str | None:
        """The text of the error reply, or of the exception when none came; None if all is well."""
        self._resolve()
        return self._value.text if isinstance(self._value, ErrorReply) else self._error

    @property
    def sent(self) -> bytes:
        """The command's bytes."""
        return encode_command(*self.command)

    @property
    def received(self) -> bytes:
        """The reply's bytes; empty where they were not kept."""
        self._resolve()
        return self._received

    def _resolve(self) -> None:
        if self._stream is not None and self._value is INCOMPLETE:
            self._stream.resolve()

    def lines(self, limit: int | None = 200) -> list[str]:
        """The command and its reply as redis-cli shows them; two entries, the second may hold newlines."""
        typed = format_command(self.command, limit)
        return [f"{self.client}> {typed}" if self.client else typed, self.text(limit)]

    def text(self, limit: int | None = None) -> str:
        """The reply as redis-cli prints it."""
        self._resolve()
        if self.lost or (not self.answered and self._error is None):
            return f"({self.lost or 'no reply yet'})"
        return format_reply(self.value, self.command, limit)


@dataclass
class Cost:
    """What was sent and received during a stretch of work: all of a `Wire`, or one `measure()` block.

    `dropped` counts the oldest exchanges that a proxy let go of because its memory was full.
    """

    client: str | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    bytes_sent: int = 0
    bytes_received: int = 0
    dropped: int = 0

    @property
    def names(self) -> list[str]:
        """The first word of every command, upper case, in the order sent."""
        return [exchange.name for exchange in self.exchanges]

    @property
    def round_trips(self) -> int:
        """How often something was sent and then waited for: a pipeline is one, however long."""
        return len({exchange.trip for exchange in self.exchanges})

    def lines(self, limit: int | None = 200) -> list[str]:
        """Command, reply, command, reply …, as redis-cli shows them; see `Exchange.lines`."""
        return [line for exchange in self.exchanges for line in exchange.lines(limit)]

    def __str__(self) -> str:
        count, trips = len(self.exchanges), self.round_trips
        return (
            f"{count} command{'s' * (count != 1)} in {trips} round trip{'s' * (trips != 1)}, "
            f"{self.bytes_sent} bytes out, {self.bytes_received} bytes in"
        )


@dataclass
class Hook:
    """An action waiting for its command."""

    match: Match
    action: Callable[[], object]
    client: str | None
    times: int
    seen: int = 0

    def claims(self, command: Command, client: str) -> bool:
        """Whether this command is the one; counts the commands it was shown."""
        if self.client is not None and client != self.client:
            return False
        position, self.seen = self.seen, self.seen + 1
        if isinstance(self.match, int):
            return position == self.match
        if isinstance(self.match, str):
            words = self.match.upper().split()
            return [word.decode("utf-8", "replace").upper() for word in command[: len(words)]] == words
        return bool(self.match(command))


class Transcript:
    """Everything a wire has seen since it began or was last cleared, and the stretches that are measured."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = Cost()
        self._costs: list[Cost] = [self._total]
        self._trips = 0
        self._messages: list[tuple[str, Any]] = []

    @property
    def messages(self) -> list[tuple[str, Any]]:
        """What came without being asked for (published, pushed, monitored), each with the client's label."""
        return self._messages

    @property
    def exchanges(self) -> list[Exchange]:
        """Every command since the start or the last `clear`, in the order sent."""
        return self._total.exchanges

    @property
    def names(self) -> list[str]:
        """The first word of every command, upper case."""
        return self._total.names

    @property
    def round_trips(self) -> int:
        """How often something was sent and then waited for."""
        return self._total.round_trips

    @property
    def bytes_sent(self) -> int:
        """Bytes of the commands, connection set-up left out."""
        return self._total.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of the replies and messages, connection set-up left out."""
        return self._total.bytes_received

    def lines(self, limit: int | None = 200) -> list[str]:
        """Command, reply, command, reply …, as redis-cli shows them; values over `limit` bytes are cut."""
        return self._total.lines(limit)

    def clear(self) -> None:
        """Forget what was recorded. Waiting actions stay."""
        with self._lock:
            fresh = Cost()
            self._costs = [fresh if cost is self._total else cost for cost in self._costs]
            self._total = fresh
            self._messages = []

    @contextmanager
    def measure(self, client: str | None = None) -> Iterator[Cost]:
        """Record the block's commands apart; with `client`, only those of the clients of that label."""
        cost = Cost(client=client)
        with self._lock:
            self._costs = [*self._costs, cost]
        try:
            yield cost
        finally:
            with self._lock:
                self._costs = [each for each in self._costs if each is not cost]

    def _record(self, exchanges: list[Exchange], size: int, trip: int | None) -> int:
        """Take note of what is about to be sent; returns the number of its round trip."""
        with self._lock:
            if trip is None:
                trip, self._trips = self._trips, self._trips + 1
            for exchange in exchanges:
                exchange.trip = trip
            client = exchanges[0].client
            for cost in self._costs:
                if cost.client is None or cost.client == client:
                    cost.exchanges.extend(exchanges)
                    cost.bytes_sent += size
        return trip

    def _received(self, size: int, client: str) -> None:
        with self._lock:
            for cost in self._costs:
                if cost.client is None or cost.client == client:
                    cost.bytes_received += size
