"""A redis-py client that is watched: every command, its reply, its round trip and its bytes.

`Wire` hands out ordinary `redis.Redis` clients whose connections report to it. Checks use it to grade what an
answer costs (`measure`), to show what was said (`lines`), and to step in at one exact point (`before`,
`after`). Nothing is sent that the client would not have sent; connection set-up (HELLO, AUTH, SELECT, CLIENT
SETINFO …) is neither counted nor shown.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol, cast

import hiredis
import redis
from redis.connection import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection, parse_url

from grader.resp import encode_command
from grader.wire.transcript import Command, Exchange, Hook, Match, Stream, Transcript

if TYPE_CHECKING:
    _Above = Connection  # What the classes find above them that are mixed into redis-py's.
else:
    _Above = object


class _Depth(threading.local):
    """How many actions this thread is inside of."""

    depth = 0


class Wire(Transcript):
    """A place where redis-py clients are watched.

    `url` (`unix:///…`, `redis://…`) or redis-py's connection keywords (`unix_socket_path`, `host`, `port`,
    `password` …) say where to. Clients use RESP2, never retry, and give up after `socket_timeout` seconds
    (5 unless given), so that what is recorded is what the caller asked for and no more.

    A wire keeps everything it has seen. One that lives as long as a notebook's kernel is made with `keep` false: then
    only what is inside a `measure` block is recorded, and the clients cost hardly more than plain ones elsewhere.
    """

    def __init__(self, url: str | None = None, *, keep: bool = True, **connection: Any) -> None:
        super().__init__()
        if not keep:
            self._costs = []
        options: dict[str, Any] = parse_url(url) if url else {}
        options.update(connection)
        path = options.pop("unix_socket_path", None) or options.pop("path", None)
        if options.pop("connection_class", None) is SSLConnection:
            raise ValueError("the wire cannot read an encrypted connection: give a redis:// or unix:// address")
        self._class: type[_Recorded] = _RecordedUnix if path else _RecordedTCP
        if path:
            options["path"] = str(path)
        self._connection = {
            "protocol": 2,
            "socket_timeout": 5.0,
            "driver_info": None,
            "retry": None,
            **options,
        }
        self._before: list[Hook] = []
        self._after: list[Hook] = []
        self._in_action = _Depth()
        self.connections = 0
        self._pools: list[ConnectionPool] = []

    def client(self, name: str = "", **options: Any) -> redis.Redis:
        """A `redis.Redis` whose commands are recorded under the label `name`.

        `options` are redis-py's (`decode_responses=True`, `db`, `protocol` …) and override the wire's; a `gate`
        (see `Gate`) decides when its commands leave.
        """
        pool = ConnectionPool(
            connection_class=self._class,
            wire=self,
            label=name,
            max_connections=options.pop("max_connections", None),
            **{**self._connection, **options},
        )
        self._pools.append(pool)
        return redis.Redis.from_pool(pool)

    def watch(self, client: redis.Redis, name: str = "") -> redis.Redis:
        """Record a client that somebody else has made, under the label `name`; returns it.

        Connections it has are closed; those it opens from now on are recorded.

        Raises:
            ValueError: when its connections are encrypted, or of a kind of their own.
        """
        pool = client.connection_pool
        recorded: dict[type, type] = {Connection: _RecordedTCP, UnixDomainSocketConnection: _RecordedUnix}
        if pool.connection_class not in recorded:
            raise ValueError(f"the wire cannot read a {pool.connection_class.__name__}")
        pool.disconnect()
        pool.reset()
        # In a class of its own and not among the pool's keywords, with which people make other clients.
        kind = recorded[pool.connection_class]
        pool.connection_class = type(kind.__name__, (kind,), {"reports": (self, name)})
        return client

    def close(self) -> None:
        """Close the connections of all clients made here."""
        for pool in self._pools:
            pool.disconnect()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def before(self, match: Match, action: Callable[[], object], *, client: str | None = None, times: int = 1) -> None:
        """Run `action` once, just before the command that matches is sent.

        `match` is a command name (`"SET"`, `"CONFIG GET"`), a number n (the n-th command sent from now on,
        from 0), or a predicate on the command's arguments as bytes. `client` restricts it to the clients of
        one label. `times` lets it run for the first so many matches instead. The commands of a pipeline leave
        together: the action runs before the first of them. Several actions for one command run in the order
        registered. What the action itself sends is recorded, but neither matched nor counted.
        """
        self._before.append(Hook(match, action, client, times))

    def after(self, match: Match, action: Callable[[], object], *, client: str | None = None, times: int = 1) -> None:
        """Like `before`, but when the reply has been read; of a pipeline, when all its replies have."""
        self._after.append(Hook(match, action, client, times))

    def _claim(self, hooks: list[Hook], commands: list[Command], client: str) -> list[Hook]:
        """The actions due for these commands, in order of registration for each command."""
        if not hooks or self._in_action.depth:
            return []
        due: list[Hook] = []
        with self._lock:
            for command in commands:
                for hook in [hook for hook in hooks if hook.claims(command, client)]:
                    due.append(hook)
                    hook.times -= 1
                    if hook.times <= 0:
                        hooks.remove(hook)
        return due

    def _run(self, due: Iterable[Hook]) -> None:
        for hook in due:
            self._in_action.depth = self._in_action.depth + 1
            try:
                hook.action()
            finally:
                self._in_action.depth -= 1


def _split_packed(data: bytes) -> list[Command]:
    """The commands in `data`, which redis-py packed itself and which is therefore whole and valid."""
    commands: list[Command] = []
    at = 0
    while at < len(data):
        end = data.index(b"\r\n", at)
        count = int(data[at + 1 : end])
        at = end + 2
        args = []
        for _ in range(count):
            end = data.index(b"\r\n", at)
            size = int(data[at + 1 : end])
            args.append(data[end + 2 : end + 2 + size])
            at = end + size + 4
        commands.append(tuple(args))
    return commands


class _TappedSocket(socket.socket):
    """A connected socket that tells how much was read from it."""

    tap: Callable[[memoryview], None]
    ahead: bytearray

    @classmethod
    def around(cls, plain: socket.socket, tap: Callable[[memoryview], None]) -> _TappedSocket:
        """Take over the file descriptor of `plain`."""
        timeout = plain.gettimeout()
        tapped = cls(plain.family, plain.type, plain.proto, fileno=plain.detach())
        tapped.settimeout(timeout)
        tapped.tap = tap
        tapped.ahead = bytearray()
        return tapped

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        if self.ahead:
            size = min(len(self.ahead), nbytes or len(buffer))
            memoryview(buffer)[:size] = self.ahead[:size]
            del self.ahead[:size]
        else:
            size = super().recv_into(buffer, nbytes, flags)
        if size:
            self.tap(memoryview(buffer)[:size])
        return size

    def read_ahead(self) -> bytes:
        """Wait for bytes and return them; whoever reads the socket next gets the same bytes."""
        data = self.recv(65536)
        self.ahead += data
        return data


_PUBSUB = frozenset({b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"UNSUBSCRIBE", b"PUNSUBSCRIBE", b"SUNSUBSCRIBE"})
_MESSAGES = frozenset({"message", "pmessage", "smessage", b"message", b"pmessage", b"smessage"})


def _is_message(reply: Any) -> bool:
    """Whether this is a published message, which may come between a SUBSCRIBE and its answer."""
    return isinstance(reply, list) and bool(reply) and isinstance(reply[0], str | bytes) and reply[0] in _MESSAGES


class Gate(Protocol):
    """Decides when a connection's commands may leave (see `grader.wire.race`)."""

    def pass_through(self, connection: GatedConnection, commands: list[Command]) -> None:
        """Send `commands` by ``connection.put``, in as many parts and at such moments as it likes."""


class GatedConnection(Protocol):
    """What a gate may do with a connection."""

    def put(self, commands: list[Command]) -> None:
        """Send commands now."""

    def tapped(self) -> _TappedSocket:
        """The socket, to look ahead at the replies."""


class _Recorded(_Above):
    """What a redis-py connection does in addition: report to its wire. Mixed into the connection classes."""

    reports: tuple[Wire, str]

    def __init__(self, *, wire: Wire | None = None, label: str = "", gate: Gate | None = None, **options: Any) -> None:
        self._wire, self._label = (wire, label) if wire is not None else self.reports
        self._gate = gate
        self._in_setup = False
        self._kept = True
        self._stream = Stream()
        self._waiting: list[Exchange] = []
        self._trip: int | None = None
        self._then: list[Hook] = []
        super().__init__(**options)

    def _connect(self) -> socket.socket:
        self._stream = Stream()
        self._wire.connections += 1
        return _TappedSocket.around(super()._connect(), self._heard)

    def _heard(self, data: memoryview) -> None:
        if self._kept and not self._wire._costs and not self._waiting:
            self._kept = False  # messages of a subscription, and nobody measures any more
        if self._kept:
            self._stream.chunks.append(bytes(data))
        if not self._in_setup:
            self._wire._received(len(data), self._label)

    def _keep(self, wanted: bool) -> None:
        """Keep the bytes from here on, or no longer. Called between replies, where a stream can begin."""
        if wanted and not self._kept:
            self._stream = Stream()
        self._kept = wanted

    def on_connect_check_health(self, check_health: bool = True) -> None:
        self._in_setup = True
        try:
            super().on_connect_check_health(check_health)
        finally:
            self._in_setup = False

    def disconnect(self, *args: Any, **kwargs: Any) -> None:
        self._waiting = []
        self._trip = None
        self._then = []
        super().disconnect(*args, **kwargs)

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if not self._sock:
            self.connect_check_health(check_health=False)
        if self._in_setup:
            super().send_packed_command(command, check_health)
            return
        if check_health:
            self.check_health()
        wire = self._wire
        if not self._waiting:
            self._keep(bool(wire._costs) or self._gate is not None)
            if not (self._kept or wire._before or wire._after):
                super().send_packed_command(command, check_health=False)
                return
        packed = command.encode() if isinstance(command, str) else b"".join(command)
        commands = _split_packed(packed)
        if wire._before:
            wire._run(wire._claim(wire._before, commands, self._label))
        if wire._after:
            self._then += wire._claim(wire._after, commands, self._label)
        now = time.monotonic()
        exchanges = [Exchange(each, self._label, sent_at=now) for each in commands]
        self._trip = wire._record(exchanges, len(packed), self._trip)
        self._waiting += exchanges
        try:
            if self._gate is not None:
                self._gate.pass_through(self, commands)
            else:
                super().send_packed_command([packed], check_health=False)
        except redis.RedisError as error:
            for exchange in exchanges:
                exchange._error = str(error)
            raise

    def put(self, commands: list[Command]) -> None:
        """Send commands that a gate let through."""
        packed = b"".join(encode_command(*each) for each in commands)
        super().send_packed_command([packed], check_health=False)

    def tapped(self) -> _TappedSocket:
        """The socket, for a gate that looks ahead."""
        return cast(_TappedSocket, self._sock)

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        waiting, stream = self._waiting, self._stream
        try:
            reply = super().read_response(*args, **kwargs)
        except redis.ResponseError as error:
            self._answer(waiting, stream, None, str(error))
            raise
        except BaseException as error:
            for exchange in waiting:
                exchange._error = str(error) or type(error).__name__
            if waiting and self._sock is None:
                # An error such as NOAUTH closes redis-py's connection, but is a reply all the same.
                waiting[0]._stream = stream
                stream.owed.append(waiting[0])
            raise
        self._answer(waiting, stream, reply, None)
        return reply

    def _answer(self, waiting: list[Exchange], stream: Stream, reply: Any, error: str | None) -> None:
        """Take note of a reply: whose it is, and that its round trip is over."""
        self._trip = None
        exchange = None
        if waiting and not (_is_message(reply) and waiting[0].command[0].upper() in _PUBSUB):
            exchange = waiting.pop(0)
            exchange.reply, exchange._error, exchange.answered = reply, error, True
            exchange.answered_at = time.monotonic()
        elif self._kept and not self._in_setup:
            self._wire.messages.append((self._label, reply))
        if self._kept and not isinstance(reply, hiredis.PushNotification):
            stream.owed.append(exchange)
            if exchange is not None:
                exchange._stream = stream
        if self._then and not waiting:
            then, self._then = self._then, []
            self._wire._run(then)


class Echoing(_Above):
    """Mixed into a redis-py connection class: whoever reads the replies again somewhere else gets their bytes.

    `echo` collects every byte that comes once the connection is set up; while it is None, nothing is kept.
    """

    echo: bytearray | None = None

    def _connect(self) -> socket.socket:
        sock: socket.socket = super()._connect()
        inner = sock.tap if isinstance(sock, _TappedSocket) else None

        def heard(data: memoryview) -> None:
            if inner is not None:
                inner(data)
            if self.echo is not None:
                self.echo += data

        return _TappedSocket.around(sock, heard)


class _RecordedTCP(_Recorded, Connection):
    """A recorded TCP connection."""


class _RecordedUnix(_Recorded, UnixDomainSocketConnection):
    """A recorded connection over a Unix socket."""
