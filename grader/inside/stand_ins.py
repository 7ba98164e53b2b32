"""What a worker has in place of the things a check hands to an answer: clients, sockets, functions, generators.

The things themselves stay with the grader. A stand-in asks for what is done to it, and waits; the client is a real
redis-py client whose bytes travel through the grader, which records them, lets races meet and cuts connections.
"""

from __future__ import annotations

import base64
import builtins
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis
from redis.connection import Connection, ConnectionPool

from grader.inside.channel import Message
from grader.inside.values import BadValue, Reference

Ask = Callable[[str, Message], Any]
Tell = Callable[[str, Message], None]
Encode = Callable[[object], Any]

MOST_TEXT = 4000
_SUBSCRIBES = (b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"MONITOR")


class Abandoned(BaseException):
    """The grader has given this call up. Not an `Exception`, so that ``except Exception`` does not keep it."""


def told(error: BaseException) -> Message:
    """An exception as what travels: its name, its text, and the nearest class that the other end has too."""
    known = next(k for k in type(error).__mro__ if k.__module__ in ("builtins", "redis.exceptions"))
    try:
        # A KeyError's text is the repr of what it was made with.
        text = error.args[0] if isinstance(error, KeyError) and type(error.args[0]) is str else str(error)
    except Exception:
        text = "(its message cannot be shown)"
    return {
        "type": type(error).__name__[:100],
        "known": known.__name__,
        "of": "redis" if known.__module__ == "redis.exceptions" else "python",
        "text": text[:MOST_TEXT],
    }


def raised(told: Any) -> BaseException:
    """The exception that the other end tells of, as the same built-in or redis-py exception where it is one.

    It may be told by anybody: nothing but an exception class is ever called.
    """
    name, text = str(told.get("type", ""))[:100], str(told.get("text", ""))[:MOST_TEXT]
    name = name if name.isidentifier() else "Exception"
    if name == "Abandoned":
        return Abandoned()
    base = getattr(redis.exceptions if told.get("of") == "redis" else builtins, str(told.get("known")), None)
    if not isinstance(base, type) or not issubclass(base, BaseException):
        base = Exception
    kind = base if base.__name__ == name else type(name, (base,), {})
    try:
        error: BaseException = kind(text)
    except TypeError:  # UnicodeDecodeError and its like want more.
        error = type(name, (Exception,), {})(text)
    return error


class StandIns:
    """Makes the stand-ins of one worker and keeps them: the same thing has the same stand-in.

    Args:
        ask: ``ask(operation, arguments)`` asks the grader and returns its answer, or raises what it tells.
        tell: the same without an answer.
        encode: turns arguments of the learner's into what travels.
        decode: turns what came back into values.
    """

    def __init__(self, ask: Ask, tell: Tell, encode: Encode, decode: Callable[[Any], Any]) -> None:
        self._ask = ask
        self._tell = tell
        self._encode = encode
        self._decode = decode
        self._known: dict[int, Any] = {}

    def of(self, reference: Reference) -> Any:
        """The stand-in for a thing of the grader's."""
        number = reference["n"]
        if number not in self._known:
            self._known[number] = self._make(reference)
        return self._known[number]

    def number_of(self, thing: object) -> int | None:
        """The number of the thing that `thing` stands in for, if it does."""
        return next((n for n, known in list(self._known.items()) if known is thing), None)

    def _make(self, reference: Reference) -> Any:
        number = reference["n"]
        match reference["kind"]:
            case "redis":
                options = {**reference["options"], "ask": self._ask, "tell": self._tell, "number": number}
                pool = ConnectionPool(connection_class=Tunnel, retry=None, driver_info=None, **options)
                return redis.Redis(connection_pool=pool)
            case "call":
                return self._function(number, reference.get("name", "call"))
            case "iterator":
                return self._iterate(number)
            case "socket":
                return _Socket(self, number)
            case "random":
                generator = random.Random()
                version, words, following = reference["state"]
                generator.setstate((version, tuple(words), following))
                return generator
        raise BadValue(f"an unknown thing: {reference['kind']!r}")

    def _function(self, number: int, name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            return self.do("invoke", number, args, kwargs)

        call.__name__ = call.__qualname__ = name
        return call

    def _iterate(self, number: int) -> Iterator[Any]:
        while True:
            came = self._ask("next", {"thing": number})
            if "stop" in came:
                return
            yield self._decode(came["value"])

    def do(self, operation: str, number: int, args: tuple[Any, ...], kwargs: dict[str, Any], method: str = "") -> Any:
        """Call a function or method of the grader's."""
        sent = {"thing": number, "args": self._encode(list(args)), "kwargs": self._encode(kwargs)}
        if method:
            sent["method"] = method
        return self._decode(self._ask(operation, sent)["value"])


class _Socket(socket.socket):
    """A socket whose other half is the grader's. A real class of sockets, so that ``makefile`` works."""

    def __init__(self, stand_ins: StandIns, number: int) -> None:
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._stand_ins = stand_ins
        self._number = number

    def _do(self, method: str, *args: Any) -> Any:
        return self._stand_ins.do("socket", self._number, args, {}, method)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self._do("sendall", bytes(data))

    def send(self, data: Any, flags: int = 0) -> int:
        return int(self._do("send", bytes(data)))

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        data: bytes = self._do("recv", bufsize)
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        data = self.recv(nbytes or len(buffer))
        memoryview(buffer)[: len(data)] = data
        return len(data)

    def settimeout(self, value: float | None) -> None:
        self._do("settimeout", value)

    def gettimeout(self) -> float | None:
        found: float | None = self._do("gettimeout")
        return found

    def setblocking(self, flag: bool) -> None:
        self.settimeout(None if flag else 0.0)

    def shutdown(self, how: int) -> None:
        self._do("shutdown", how)

    def getpeername(self) -> Any:
        return ""

    def getsockname(self) -> Any:
        return ""

    def setsockopt(self, *args: Any) -> None:
        """Options of a connection that is not this one's do nothing."""

    def close(self) -> None:
        self._do("close")
        super().close()


class _TunnelSocket:
    """What redis-py's parser reads from."""

    def __init__(self, tunnel: Tunnel, token: int) -> None:
        self._tunnel = tunnel
        self.token = token
        self.usual = tunnel.socket_timeout
        self._timeout = self.usual
        self._ahead = b""

    def settimeout(self, seconds: float | None) -> None:
        self._timeout = seconds

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        if not self._ahead:
            self._ahead = self._tunnel.receive(self.token, None if self._timeout == self.usual else self._timeout)
        size = min(len(self._ahead), nbytes or len(buffer))
        memoryview(buffer)[:size] = self._ahead[:size]
        self._ahead = self._ahead[size:]
        return size

    @property
    def ahead(self) -> bool:
        """Whether bytes have come that nobody has read."""
        return bool(self._ahead)

    def shutdown(self, how: int) -> None:
        """Nothing to shut: the grader closes."""

    def close(self) -> None:
        """Nothing to close: the grader closes."""


class Tunnel(Connection):
    """A redis-py connection whose bytes go through the grader. Setting up is done there, so nothing is sent for it."""

    def __init__(self, *, ask: Ask, tell: Tell, number: int, **options: Any) -> None:
        self._ask, self._tell, self._number = ask, tell, number
        self._fresh = self._listens = self._raw = False
        self._tunnel: _TunnelSocket | None = None
        self._failed: BaseException | None = None
        super().__init__(**options)

    def _connect(self) -> Any:
        self._fresh = self._listens = False
        self._tunnel = _TunnelSocket(self, self._ask("connect", {"thing": self._number})["token"])
        return self._tunnel

    def on_connect_check_health(self, check_health: bool = True) -> None:
        self._parser.on_connect(self)

    def disconnect(self, *args: Any, **kwargs: Any) -> None:
        tunnel, self._sock, self._tunnel = self._tunnel, None, None
        self._parser.on_disconnect()
        if tunnel is not None:
            self._tell("close", {"token": tunnel.token})

    def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        if self._tunnel is None:
            self.connect_check_health(check_health=False)
        assert self._tunnel is not None
        packed = command.encode() if isinstance(command, str) else b"".join(command)
        self._listens = self._listens or any(word in packed[:64].upper() for word in _SUBSCRIBES)
        fresh, self._fresh = self._fresh, False
        data = base64.b64encode(packed).decode("ascii")
        self._tell("send", {"token": self._tunnel.token, "data": data, "fresh": fresh})

    def receive(self, token: int, seconds: float | None) -> bytes:
        """Bytes of replies; `seconds` is how long to wait at most, None for as long as the check's client would.

        Raises:
            TimeoutError, redis.RedisError: as told by the grader.
        """
        asked: Message = {"token": token, "raw": self._raw}
        if seconds is not None:
            asked["seconds"] = seconds
        try:
            came = self._ask("receive", asked)
        except BaseException as error:
            self._failed = error
            raise
        if "late" in came:
            raise TimeoutError("timed out")
        return base64.b64decode(came["data"])

    def read_response(self, disable_decoding: bool = False, **options: Any) -> Any:
        self._raw, self._failed = disable_decoding, None
        try:
            return super().read_response(disable_decoding=disable_decoding, **options)
        except BaseException:
            # redis-py makes an error of its own of what its socket raises; this was raised further out.
            if self._failed is not None:
                raise self._failed from None
            raise

    def can_read(self, timeout: float = 0) -> bool:
        if self._tunnel is None:
            self.connect()
        tunnel = self._tunnel
        assert tunnel is not None
        if tunnel.ahead or self._parser._reader.has_data():
            return True
        if not self._listens:
            # The pool looks before it lends a connection out; the grader looks there, with the first command.
            self._fresh = True
            return False
        return bool(self._ask("ready", {"token": tunnel.token, "seconds": timeout})["ready"])


class Clocks:
    """The functions of `time` and the sources of chance, so that an actor's are the stage's in a race.

    Put in place once, before any code of a learner's is loaded, so that ``from time import sleep`` gets them too. In a
    call that is on no stage they are the real ones.
    """

    def __init__(self, ask: Ask, staged: Callable[[], tuple[bool, bool]], before: Callable[[], None]) -> None:
        self._ask = ask
        self._before = before
        self._staged = staged

    def install(self) -> None:
        """Take the place of the real ones, for good."""

        real_sleep, real_urandom = time.sleep, os.urandom

        def sleep(seconds: Any) -> None:
            if self._staged()[0]:
                self._ask("sleep", {"seconds": float(seconds)})
            else:
                self._before()
                real_sleep(seconds)

        def urandom(count: int) -> bytes:
            if self._staged()[1] and count <= 65536:
                return base64.b64decode(self._ask("chance", {"count": count})["data"])
            return real_urandom(count)

        time.sleep = sleep
        os.urandom = urandom
        random._urandom = urandom  # type: ignore[attr-defined]
        for name in ("time", "monotonic", "perf_counter", "time_ns", "monotonic_ns", "perf_counter_ns"):
            setattr(time, name, self._clock(name, getattr(time, name)))

    def _clock(self, name: str, real: Callable[[], Any]) -> Callable[[], Any]:
        def read() -> Any:
            return self._ask("clock", {"name": name})["now"] if self._staged()[0] else real()

        return read
