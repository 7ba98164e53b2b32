"""A proxy in front of a Redis: any client may connect to it, and what is said can be read afterwards.

`Proxy` passes every byte on unharmed, both ways, and lets a client wait no longer than it must: bytes go out
first and are understood later, when somebody looks (or when a fault has to find the beginning of a command).
`grader.wire.faults` breaks things here; `bench/wire.py` measures what standing in the way costs.
"""

from __future__ import annotations

import heapq
import itertools
import os
import random
import selectors
import shutil
import socket
import struct
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote, urlencode

import redis
from redis.connection import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection, parse_url

from grader.wire.conversation import Conversation
from grader.wire.transcript import Cost, Exchange, Transcript

if TYPE_CHECKING:
    _Above = Connection  # What `_Whole` finds above it.
else:
    _Above = object

_CHUNK = 64 * 1024
# How much waits for a side that is slow before the other side is no longer read.
_HIGH_WATER = 1024 * 1024
_BARRIER_SECONDS = 1.0
# What Python adds to the bytes of what is kept, as measured; an exchange is counted when sent and when answered.
_PER_PIECE = 200
_PER_EXCHANGE = 250
_T = TypeVar("_T")


class _Mark(Enum):
    """What may stand between the bytes that wait for a socket."""

    END = "no more will be sent"
    CUT = "close both sockets"
    RESET = "close both, the client's with a reset"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened beside commands and replies.

    `at` is in seconds of `time.monotonic()`; `kind` is ``open``, ``close``, ``message`` (published, pushed or
    monitored), ``fault``, ``unread`` (bytes that could not be understood) or ``dropped``.
    """

    at: float
    client: str
    kind: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Strike:
    """What is to happen at a command.

    `fatal`: the client is dead. Its other connections are cut at once, and no new one is taken.
    """

    deed: Literal["cut", "reset", "hang"]
    when: Literal["before", "after", "mid-reply"]
    fatal: bool = False


class _Side:
    """One of a connection's two sockets, and what waits to be sent to it."""

    __slots__ = (
        "blocked",
        "connecting",
        "ended",
        "finished",
        "hung",
        "last_due",
        "link",
        "mask",
        "not_before",
        "peer",
        "queue",
        "size",
        "sock",
    )

    def __init__(self, link: _Link, sock: socket.socket) -> None:
        self.link = link
        self.sock = sock
        self.peer: _Side = self
        self.queue: deque[tuple[float, memoryview | _Mark]] = deque()
        self.size = 0
        self.mask = 0
        self.blocked = False
        self.connecting = False
        self.hung = False
        self.ended = False
        self.finished = False
        self.last_due = 0.0
        self.not_before = 0.0


class _Link:
    """A connection: the client's side, the server's, and the conversation between them."""

    def __init__(self, number: int, client: socket.socket, server: socket.socket) -> None:
        self.talk = Conversation(number)
        self.client = _Side(self, client)
        self.server = _Side(self, server)
        self.client.peer, self.server.peer = self.server, self.client
        self.open = True
        self.strike: Strike | None = None
        self.struck: Exchange | None = None
        # After a cut: the server's answers are not passed on, its closing is waited for until this time.
        self.deaf = False
        self.deadline = 0.0
        self.finishing = False
        self.gone = False
        # How many of the server's bytes were passed on, and those that are held back while a cut is near.
        self.passed = 0
        self.held: list[bytes] = []


class _Whole(_Above):
    """A redis-py connection that sends a pipeline in one go: redis-py would do so in pieces of 6000 bytes.

    The server may answer one piece before the next was sent. A proxy cannot tell that from a client that waited.
    """

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        whole = command if isinstance(command, str) else [b"".join(command)]
        super().send_packed_command(whole, check_health)


class _WholeTCP(_Whole, Connection):
    """Over TCP."""


class _WholeUnix(_Whole, UnixDomainSocketConnection):
    """Over a Unix socket."""


class Proxy(Transcript):
    """A way to the Redis at `url` that can be watched.

    `url` is `unix:///…` or `redis://…`, with user, password and database where needed; `listen` says which kind
    of address the proxy itself has (by default the kind it leads to). `url` of the proxy carries the same user,
    password and database. Open it with `with`, or call `close()`: that ends its thread and every connection.

    The transcript is that of `Wire`: `exchanges`, `names`, `round_trips`, `lines()`, `measure()`, `clear()`; the
    commands that set a connection up are left out. A client is told apart by CLIENT SETNAME, else by the number
    of its connection. A round trip begins with a command sent while no reply is awaited on its connection; of a client
    of another make that sends a long pipeline in pieces, each piece may count.
    `events` has the rest. At most `memory` bytes are kept, beside the one value that is being received; the
    oldest exchanges go first, and `dropped` counts them.
    """

    def __init__(
        self,
        url: str,
        listen: Literal["unix", "tcp"] | None = None,
        *,
        memory: int = 64 * 1024 * 1024,
        seed: int = 0,
    ) -> None:
        super().__init__()
        options: dict[str, Any] = parse_url(url)
        if options.pop("connection_class", None) is SSLConnection:
            raise ValueError("the proxy cannot read an encrypted connection: give a redis:// or unix:// address")
        path = options.pop("path", None)
        host, port = options.pop("host", "localhost"), options.pop("port", 6379)
        self._target: str | tuple[Any, ...] = str(path) if path else (host, port)
        self._family = socket.AF_UNIX if path else socket.AF_INET
        if not path:
            self._family, *_, self._target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self._options = options
        self._listen_on = listen or ("unix" if path else "tcp")
        self._memory = memory
        self._random = random.Random(seed)
        self._raw: deque[tuple[_Link, str, float, bytes]] = deque()
        self._raw_size = 0
        self._kept = 0
        self._sizes: deque[tuple[Exchange, int]] = deque()
        self._events: deque[Event] = deque(maxlen=10_000)
        self._trip_of: dict[int, int] = {}
        self._commands = 0
        self._idle = threading.Event()
        self._idle.set()
        self._numbers = itertools.count(1)
        self._pools: list[ConnectionPool] = []
        # What faults set; see `grader.wire.faults`.
        self._inspect: Callable[[Exchange], Strike | None] | None = None
        self._delay: tuple[float, float] | None = None
        self._drip: tuple[int, float] | None = None
        self._hung = False

        self._links: set[_Link] = set()
        self._timers: list[tuple[float, int, _Side]] = []
        self._order = itertools.count()
        self._calls: deque[Callable[[], None]] = deque()
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._folder: Path | None = None
        self._address: str | tuple[str, int] = ("127.0.0.1", 0)
        if self._listen_on == "unix":
            self._folder = Path(tempfile.mkdtemp(prefix="proxy-"))
            self._address = str(self._folder / "redis.sock")
        self._running = True
        self._listener = self._bind()
        self._listening = False
        self._open_listener()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._thread.start()

    # The face

    @property
    def url(self) -> str:
        """The address for clients, as redis-py and redis-cli take it."""
        user, password = self._options.get("username"), self._options.get("password")
        database = self._options.get("db", 0)
        who = f"{quote(user or '', safe='')}:{quote(password, safe='')}@" if password else ""
        if isinstance(self._address, str):
            query = f"?{urlencode({'db': database})}" if database else ""
            return f"unix://{who}{quote(self._address)}{query}"
        return f"redis://{who}{self._address[0]}:{self._address[1]}/{database}"

    @property
    def port(self) -> int | None:
        """The TCP port, if it has one."""
        return None if isinstance(self._address, str) else self._address[1]

    @property
    def socket_path(self) -> Path | None:
        """The Unix socket, if it has one."""
        return Path(self._address) if isinstance(self._address, str) else None

    def client(self, name: str = "", **options: Any) -> redis.Redis:
        """A `redis.Redis` that goes through the proxy; with `name`, it gives itself that name (CLIENT SETNAME).

        `options` are redis-py's. Unless they say otherwise: RESP2, no retries, give up after 5 s.
        """
        where: dict[str, Any] = (
            {"path": self._address}
            if isinstance(self._address, str)
            else {"host": self._address[0], "port": self._address[1]}
        )
        plain: dict[str, Any] = {"protocol": 2, "socket_timeout": 5.0, "driver_info": None, "retry": None}
        if name:
            plain["client_name"] = name
        connection_class = _WholeUnix if isinstance(self._address, str) else _WholeTCP
        client = redis.Redis.from_pool(
            ConnectionPool(connection_class=connection_class, **{**plain, **self._options, **where, **options})
        )
        self._pools.append(client.connection_pool)
        return client

    def close(self) -> None:
        """End every connection, the thread and the address. Once is enough, twice does no harm."""
        if self._running:
            self._running = False
            self._wake()
            self._thread.join(10)
        for pool in self._pools:
            pool.disconnect()
        self._pools = []

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Proxy {self.url}>"

    @property
    def messages(self) -> list[tuple[str, Any]]:
        """What came without being asked for (published, pushed, monitored), each with the client's label."""
        self.resolve()
        return self._messages

    @property
    def exchanges(self) -> list[Exchange]:
        """Every command since the start or the last `clear`, in the order sent."""
        self.resolve()
        return self._total.exchanges

    @property
    def names(self) -> list[str]:
        """The first word of every command, upper case."""
        self.resolve()
        return self._total.names

    @property
    def round_trips(self) -> int:
        """How often something was sent and then waited for."""
        self.resolve()
        return self._total.round_trips

    @property
    def bytes_sent(self) -> int:
        """Bytes of the commands, connection set-up left out."""
        self.resolve()
        return self._total.bytes_sent

    @property
    def bytes_received(self) -> int:
        """Bytes of the replies and messages, connection set-up left out."""
        self.resolve()
        return self._total.bytes_received

    @property
    def dropped(self) -> int:
        """How many exchanges were let go of since the last `clear`, because the memory was full."""
        self.resolve()
        return self._total.dropped

    @property
    def events(self) -> list[Event]:
        """Connections opened and closed, messages, faults: the last ten thousand."""
        self.resolve()
        return list(self._events)

    def lines(self, limit: int | None = 200) -> list[str]:
        """Command, reply, command, reply …, as redis-cli shows them; without labels if one client said it all."""
        self.resolve()
        alone = len({each.client for each in self._total.exchanges}) < 2
        lines = [] if not self._total.dropped else [f"({self._total.dropped} earlier commands were dropped)"]
        for each in self._total.exchanges:
            typed, reply = each.lines(limit)
            lines += [typed.removeprefix(f"{each.client}> ") if alone else typed, reply]
        return lines

    def clear(self) -> None:
        """Forget what was recorded."""
        self.resolve()
        super().clear()
        with self._lock:
            self._events.clear()
            self._sizes.clear()
            self._kept = 0

    @contextmanager
    def measure(self, client: str | None = None) -> Iterator[Cost]:
        """Record the block's commands apart; the cost is complete when the block is left."""
        self.resolve()
        with super().measure(client) as cost:
            try:
                yield cost
            finally:
                self.resolve()

    def settle(self, seconds: float = 1.0) -> bool:
        """Wait until no connection is left, on the server either; whether that was so within `seconds`."""
        return self._idle.wait(seconds)

    @property
    def commands(self) -> int:
        """How many commands were sent since the start, connection set-up left out; `clear` does not change it."""
        self.resolve()
        return self._commands

    # What faults do

    def _shape(self, delay: tuple[float, float] | None, drip: tuple[int, float] | None, hung: bool) -> None:
        """Change how bytes are passed on from now on: delay (seconds, jitter), drip (bytes, seconds), not at all."""

        def change() -> None:
            healed = self._hung and not hung
            self._delay, self._drip, self._hung = delay, drip, hung
            for link in list(self._links):
                if hung or healed:
                    link.client.hung = link.server.hung = hung
                    self._drain(link.server)
                    self._drain(link.client)

        self._call(change)

    def _heal(self) -> None:
        """Everything passes again; what was held goes on its way."""

        def change() -> None:
            self._delay = self._drip = None
            self._hung = False
            self._open_listener()
            for link in list(self._links):
                if link.strike is not None and link.strike.deed == "hang":
                    if link.struck is not None:
                        link.struck.lost = ""
                    link.strike = link.struck = None
                for side in (link.server, link.client):
                    side.hung, side.not_before = False, 0.0
                    side.queue = deque((0.0, item) for _, item in side.queue)
                    self._drain(side)

        self._call(change)

    def _refuse(self) -> None:
        """Take no new connection."""
        self._call(self._close_listener)

    # Reading what was passed on

    def resolve(self) -> None:
        """Read what was passed on since somebody last looked. Exchanges call it when they are asked."""
        with self._lock:
            self._catch_up()

    def _catch_up(self) -> None:
        raw = self._raw
        while raw:
            link, kind, at, data = raw.popleft()
            self._raw_size -= len(data) + _PER_PIECE
            if kind == ">":
                self._note_sent(link, data, at)
            elif kind == "<":
                self._note_received(link, data, at)
            elif kind == "close":
                why = data.decode()
                link.talk.closed(why)
                self._trip_of.pop(link.talk.number, None)
                self._events.append(Event(at, link.talk.label, "close", why))
            else:
                self._events.append(Event(at, link.talk.label, kind, data.decode()))
        if self._kept > self._memory:
            self._drop()

    def _note_sent(self, link: _Link, data: bytes, at: float) -> list[tuple[Exchange, int, int, bool]]:
        """Read what a client sent; returns its commands with their places in `data`."""
        talk = link.talk
        unread = talk.lost
        base = talk.sent_until
        # A client that is in the middle of a command has not begun to wait, whatever was answered meanwhile.
        waited = bool(talk.owed) or talk.in_command
        found = []
        for sent in talk.sent(data, at):
            found.append((sent.exchange, max(sent.start - base, 0), sent.end - base, sent.hidden))
            if sent.hidden:
                continue
            exchange, size = sent.exchange, sent.end - sent.start
            exchange._stream = self
            self._commands += 1
            number = talk.number
            if not waited or number not in self._trip_of:
                self._trip_of[number], self._trips, waited = self._trips, self._trips + 1, True
            exchange.trip = self._trip_of[number]
            for cost in self._costs:
                if cost.client is None or cost.client == exchange.client:
                    cost.exchanges.append(exchange)
                    cost.bytes_sent += size
            self._keep(exchange, size)
        self._note_unread(link, unread, at)
        return found

    def _note_received(self, link: _Link, data: bytes, at: float) -> list[tuple[Exchange | None, int, int]]:
        """Read what a server sent; returns the values that became whole with their places in the stream."""
        unread = link.talk.lost
        found = []
        for arrived in link.talk.received(data, at):
            exchange, size = arrived.exchange, arrived.end - arrived.start
            found.append((exchange, arrived.start, arrived.end))
            if exchange is None:
                self._messages.append((link.talk.label, arrived.value))
                self._events.append(Event(at, link.talk.label, "message", _short(arrived.value)))
            else:
                exchange.reply = arrived.value
                if exchange._stream is None:  # of the set-up
                    continue
                self._keep(exchange, size)
            for cost in self._costs:
                if cost.client is None or cost.client == link.talk.label:
                    cost.bytes_received += size
        self._note_unread(link, unread, at)
        return found

    def _note_unread(self, link: _Link, before: str, at: float) -> None:
        if link.talk.lost and not before:
            self._events.append(Event(at, link.talk.label, "unread", link.talk.lost))

    def _keep(self, exchange: Exchange, size: int) -> None:
        self._sizes.append((exchange, size + _PER_EXCHANGE))
        self._kept += size + _PER_EXCHANGE

    def _drop(self) -> None:
        """Let go of the oldest exchanges until three quarters of the memory are in use."""
        gone: set[int] = set()
        while self._sizes and self._kept > self._memory * 3 // 4:
            exchange, size = self._sizes.popleft()
            self._kept -= size
            gone.add(id(exchange))
        for cost in self._costs:
            kept = [each for each in cost.exchanges if id(each) not in gone]
            cost.dropped += len(cost.exchanges) - len(kept)
            cost.exchanges[:] = kept
        if len(self._messages) > 10_000:
            del self._messages[:-10_000]

    def _note(self, link: _Link, kind: str, text: str = "") -> None:
        data = text.encode()
        self._raw.append((link, kind, time.monotonic(), data))
        self._raw_size += len(data) + _PER_PIECE

    # The thread

    def _wake(self) -> None:
        with suppress(OSError):
            self._waker.send(b"\0")

    def _call(self, action: Callable[[], _T]) -> _T:
        """Run `action` in the proxy's thread, where the sockets belong to; returns what it returned."""
        if threading.current_thread() is self._thread or not self._thread.is_alive():
            return action()
        future: Future[_T] = Future()

        def run() -> None:
            try:
                future.set_result(action())
            except Exception as error:
                future.set_exception(error)

        self._calls.append(run)
        self._wake()
        return future.result(10)

    def _run(self) -> None:
        try:
            while self._running:
                for key, mask in self._selector.select(self._timeout()):
                    if key.data is None:
                        self._woken_up()
                    elif key.data is self:
                        self._accept()
                    else:
                        self._ready(key.data, mask)
                if self._timers:
                    self._on_time()
        finally:
            self._shut()

    def _timeout(self) -> float | None:
        return max(self._timers[0][0] - time.monotonic(), 0) if self._timers else None

    def _woken_up(self) -> None:
        with suppress(BlockingIOError):
            self._woken.recv(4096)
        while self._calls:
            self._calls.popleft()()

    def _on_time(self) -> None:
        now = time.monotonic()
        while self._timers and self._timers[0][0] <= now:
            side = heapq.heappop(self._timers)[2]
            link = side.link
            if not link.open:
                continue
            if link.gone and now >= link.deadline:
                self._end(link, "a fault cut it")
            elif link.deaf and now >= link.deadline:
                self._finish(link)
            else:
                self._drain(side)

    def _shut(self) -> None:
        for link in list(self._links):
            self._end(link, "the proxy was closed")
        self._listener.close()
        self._selector.close()
        self._waker.close()
        self._woken.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    # Connections

    def _bind(self) -> socket.socket:
        """A socket at the proxy's address, where nobody can connect until it listens."""
        if isinstance(self._address, str):
            bound = socket.socket(socket.AF_UNIX)
            Path(self._address).unlink(missing_ok=True)
            bound.bind(self._address)
        else:
            bound = socket.socket(socket.AF_INET)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(self._address)
            self._address = bound.getsockname()
        return bound

    def _open_listener(self) -> None:
        if not self._listening:
            self._listener.listen(512)
            self._listener.setblocking(False)
            self._selector.register(self._listener, selectors.EVENT_READ, self)
            self._listening = True

    def _close_listener(self) -> None:
        """Take no connection any more, but keep the address, or another program might get the port."""
        if self._listening:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listening = False
            self._listener = self._bind()

    def _accept(self) -> None:
        try:
            client, _ = self._listener.accept()
        except OSError:  # gone again, or no descriptor is left: then others must close first
            return
        try:
            server = socket.socket(self._family)
        except OSError:
            client.close()
            return
        client.setblocking(False)
        link = _Link(next(self._numbers), client, server)
        self._links.add(link)
        self._idle.clear()
        self._note(link, "open")
        if self._family == socket.AF_UNIX:
            # Either at once or, while the server's backlog is full, soon: there is no event to wait for.
            server.settimeout(1.0)
        else:
            server.setblocking(False)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if client.family != socket.AF_UNIX:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            server.connect(self._target)
            server.setblocking(False)
        except BlockingIOError:
            link.server.connecting = link.server.blocked = True
        except OSError as error:
            self._end(link, f"the server cannot be reached: {error}")
            return
        link.client.hung = link.server.hung = self._hung
        self._update(link.client)
        self._update(link.server)

    def _end(self, link: _Link, why: str, reset: bool = False) -> None:
        """Close both sockets; what still waits in them is gone."""
        if not link.open:
            return
        link.open = False
        self._links.discard(link)
        self._note(link, "close", why)
        for side in (link.server, link.client):
            if side.mask:
                self._selector.unregister(side.sock)
                side.mask = 0
            side.queue.clear()
            if reset and side is link.client and side.sock.family != socket.AF_UNIX:
                side.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            side.sock.close()
        if not self._links:
            self._idle.set()

    def _update(self, side: _Side) -> None:
        """Ask the selector for what matters of this socket now."""
        if not side.link.open:
            return
        mask = 0
        if not side.ended and not side.connecting and side.peer.size < _HIGH_WATER and not side.peer.blocked:
            mask = selectors.EVENT_READ
        if side.blocked:
            mask |= selectors.EVENT_WRITE
        if mask == side.mask:
            return
        if not mask:
            self._selector.unregister(side.sock)
        elif not side.mask:
            self._selector.register(side.sock, mask, side)
        else:
            self._selector.modify(side.sock, mask, side)
        side.mask = mask

    def _ready(self, side: _Side, mask: int) -> None:
        link = side.link
        if mask & selectors.EVENT_WRITE and link.open:
            if side.connecting:
                side.connecting = False
                if error := side.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                    self._end(link, f"the server cannot be reached: {os.strerror(error)}")
                    return
            side.blocked = False
            self._drain(side)
        if mask & selectors.EVENT_READ and link.open:
            try:
                data = side.sock.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError as error:
                who = "client" if side is link.client else "server"
                self._end(link, f"the {who}'s connection broke: {error.strerror}")
                return
            if not data:
                self._at_end(side)
            elif side is link.client:
                self._from_client(link, data)
            else:
                self._from_server(link, data)

    def _at_end(self, side: _Side) -> None:
        """A side will send no more: tell the other, behind what still waits for it."""
        link = side.link
        side.ended = True
        if link.gone and side is link.client:
            self._end(link, "a fault cut it")
        elif link.deaf and side is link.server:
            self._finish(link)
        elif side is link.client and (link.strike is not None or side.peer.hung):
            self._end(link, "the client closed it")
        else:
            self._put(side.peer, _Mark.END)
        self._update(side)

    def _from_client(self, link: _Link, data: bytes) -> None:
        if link.strike is not None and link.strike.deed != "hang":
            return  # sent after the cut: it never arrives
        now = time.monotonic()
        if self._inspect is None:
            self._raw.append((link, ">", now, data))
            self._raw_size += len(data) + _PER_PIECE
            self._put(link.server, memoryview(data))
            if self._raw_size > self._memory // 4:
                self.resolve()
            return
        with self._lock:
            self._catch_up()
            commands = self._note_sent(link, data, now)
        for place, (exchange, start, end, hidden) in enumerate(commands):
            strike = None if hidden or link.strike is not None else self._inspect(exchange)
            if strike is None:
                continue
            link.strike, link.struck = strike, exchange
            self._note(link, "fault", f"{strike.deed} {strike.when} {exchange.name}")
            if strike.fatal:
                self._bury(link)
            keep = start if strike.when == "before" else end
            if strike.deed == "hang":
                exchange.lost = "held here: " + (
                    "it waits to be sent" if strike.when == "before" else "its reply waits"
                )
                if keep:
                    self._put(link.server, memoryview(data)[:keep])
                (link.server if strike.when == "before" else link.client).hung = True
                if keep < len(data):
                    self._put(link.server, memoryview(data)[keep:])
                return
            if keep:
                self._put(link.server, memoryview(data)[:keep])
            with self._lock:
                for lost, *_ in commands[place if strike.when == "before" else place + 1 :]:
                    lost.lost = (
                        "cut here: it never arrived" if lost is exchange else "never sent: the connection was cut"
                    )
                    with suppress(ValueError):
                        link.talk.owed.remove(lost)
            self._cut_if_due(link)
            return
        self._put(link.server, memoryview(data))

    def _from_server(self, link: _Link, data: bytes) -> None:
        if link.deaf:
            return
        now = time.monotonic()
        strike = link.strike
        if strike is None or strike.deed == "hang":
            self._raw.append((link, "<", now, data))
            self._raw_size += len(data) + _PER_PIECE
            link.passed += len(data)
            self._put(link.client, memoryview(data))
            if self._raw_size > self._memory // 4:
                self.resolve()
            return
        self._from_server_until_cut(link, data, now)

    def _from_server_until_cut(self, link: _Link, data: bytes, now: float) -> None:
        """Pass on whole values only, up to the reply at which the connection is to be cut."""
        with self._lock:
            self._catch_up()
            found = self._note_received(link, data, now)
        link.held.append(data)
        until = link.passed
        for exchange, start, end in found:
            if exchange is None or exchange is not link.struck:
                until = max(until, end)
                continue
            lost = "cut here: it ran, but its reply never came"
            if link.strike is not None and link.strike.when == "mid-reply":
                until = max(until, start + max((end - start) // 2, 1))
                lost = "cut here: it ran, but half of its reply is missing"
            self._pass_held(link, until)
            with self._lock:
                exchange.answered, exchange.lost = False, lost
                link.talk.owed.clear()
            self._cut(link)
            return
        self._pass_held(link, until)
        self._cut_if_due(link)

    def _pass_held(self, link: _Link, until: int) -> None:
        """Pass on what is held of the server's bytes, up to the place `until` in its stream."""
        if until > link.passed:
            held = b"".join(link.held)
            size = until - link.passed
            link.held = [held[size:]]
            link.passed = until
            self._put(link.client, memoryview(held)[:size])

    def _cut_if_due(self, link: _Link) -> None:
        """Cut when everything that comes before the cut is over: the earlier replies were passed on."""
        strike, struck, owed = link.strike, link.struck, link.talk.owed
        if strike is None or link.deaf:
            return
        over = not owed if strike.when == "before" else all(each is not struck for each in owed)
        if over or link.talk.lost:
            self._cut(link)

    def _cut(self, link: _Link) -> None:
        """End the server's side, and when the server has let go of the connection, the client's.

        In this order, so that whoever sees the broken connection finds the server as the cut left it: what was
        sent before has run, a WATCH is gone, and nobody waits in a BLPOP any more.
        """
        link.deaf = True
        link.deadline = time.monotonic() + _BARRIER_SECONDS
        heapq.heappush(self._timers, (link.deadline, next(self._order), link.server))
        self._put(link.server, _Mark.END)
        self._update(link.server)
        if link.server.ended:
            self._finish(link)

    def _bury(self, dead: _Link) -> None:
        """Cut every other connection, and take no new one."""
        self._close_listener()
        for link in list(self._links):
            if link is not dead and link.strike is None:
                link.strike = Strike("cut", "before")
                self._cut(link)

    def _finish(self, link: _Link) -> None:
        if not link.finishing:
            link.finishing = True
            reset = link.strike is not None and link.strike.deed == "reset"
            self._put(link.client, _Mark.RESET if reset else _Mark.CUT)

    def _let_go(self, link: _Link) -> None:
        """End the client's side in order: what it still sends is read, or the end would become a reset.

        A reset would take away replies that the client has not read yet.
        """
        link.gone = True
        link.server.queue.clear()
        link.server.size, link.server.blocked = 0, False
        with suppress(OSError):
            link.client.sock.shutdown(socket.SHUT_WR)
        link.deadline = time.monotonic() + _BARRIER_SECONDS
        heapq.heappush(self._timers, (link.deadline, next(self._order), link.client))
        if link.client.ended:
            self._end(link, "a fault cut it")
        else:
            self._update(link.client)

    # Sending

    def _put(self, side: _Side, item: memoryview | _Mark) -> None:
        """Send it now, or behind what waits already."""
        if not side.queue and not side.hung and not side.connecting and self._delay is None and self._drip is None:
            if isinstance(item, _Mark):
                self._carry_out(side, item)
                return
            sent = self._send(side, item)
            if sent < 0 or sent == len(item):
                return
            side.blocked = True
            item = item[sent:]
        due = 0.0
        if self._delay is not None:
            seconds, jitter = self._delay
            due = max(side.last_due, time.monotonic() + seconds + (self._random.random() * jitter if jitter else 0.0))
            side.last_due = due
        side.queue.append((due, item))
        if not isinstance(item, _Mark):
            side.size += len(item)
        if len(side.queue) == 1 and not side.blocked:
            self._drain(side)
        else:
            self._update(side)
            self._update(side.peer)

    def _send(self, side: _Side, data: memoryview) -> int:
        """Send what the socket takes; returns how much that was, or -1 when the connection broke."""
        try:
            return side.sock.send(data)
        except BlockingIOError:
            return 0
        except OSError as error:
            who = "client" if side is side.link.client else "server"
            self._end(side.link, f"the {who}'s connection broke: {error.strerror}")
            return -1

    def _drain(self, side: _Side) -> None:
        """Send what waits and is due."""
        queue = side.queue
        while queue and side.link.open and not side.hung and not side.connecting:
            due, item = queue[0]
            due = max(due, side.not_before)
            if due > 0 and due > time.monotonic():
                heapq.heappush(self._timers, (due, next(self._order), side))
                break
            if isinstance(item, _Mark):
                queue.popleft()
                self._carry_out(side, item)
                continue
            piece = item
            if self._drip is not None:
                piece = item[: self._drip[0]]
            sent = self._send(side, piece)
            if sent < 0:
                return
            side.size -= sent
            if sent < len(item):
                queue[0] = (queue[0][0], item[sent:])
            else:
                queue.popleft()
            if sent < len(piece):
                side.blocked = True
                break
            if self._drip is not None:
                side.not_before = time.monotonic() + self._drip[1]
                if not self._drip[1]:
                    # One piece in every turn of the loop, so that the other side may see each by itself.
                    heapq.heappush(self._timers, (side.not_before, next(self._order), side))
                    break
        self._update(side)
        self._update(side.peer)

    def _carry_out(self, side: _Side, mark: _Mark) -> None:
        link = side.link
        if mark is _Mark.RESET:
            self._end(link, "a fault cut it", reset=True)
            return
        if mark is _Mark.CUT:
            self._let_go(link)
            return
        side.finished = True
        with suppress(OSError):
            side.sock.shutdown(socket.SHUT_WR)
        if side.peer.finished:
            self._end(link, f"the {'client' if side is link.client else 'server'} closed it")


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 200 else f"{text[:200]} …"
