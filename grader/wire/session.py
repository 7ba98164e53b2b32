"""A connection on which commands are sent as they were typed: what stands behind a redis-cli prompt.

`course redis cli` and the notebook's ``%%redis`` talk through it. It speaks over a raw socket, so what comes back is
what Redis said, not what a client library made of it, and it knows what redis-cli's prompt tells: the database and
whether a transaction is open.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis

from grader.resp import INCOMPLETE, ErrorReply, ProtocolError, Push, Reader, SimpleString, encode_command
from grader.wire.redis_cli import split_line

LISTENING = frozenset({b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"MONITOR"})
"""Commands whose replies never end."""


class Lost(Exception):
    """The connection ended; `str()` of it says how."""


class Silence(Exception):
    """No reply came in the time that was given; the connection cannot be used any more."""


class Session:
    """A raw connection to a Redis: one command, its reply (or, for SUBSCRIBE and MONITOR, replies without end).

    Args:
        url: ``redis://…``, ``rediss://…`` or ``unix://…``.
        hear: called with each push message of RESP3 that comes between a command and its reply.

    Raises:
        OSError: when there is no connection.
        redis.RedisError: when the password or the database is refused.
    """

    def __init__(self, url: str, hear: Callable[[Push], object] = lambda push: None) -> None:
        options: dict[str, Any] = redis.ConnectionPool.from_url(url).connection_kwargs
        if "path" in options:
            self.address = f"redis {options['path']}"
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(options["path"])
        else:
            host, port = options.get("host", "127.0.0.1"), int(options.get("port", 6379))
            self.address = f"{host}:{port}"
            self._socket = socket.create_connection((host, port), 5)
            if url.startswith("rediss:"):
                self._socket = _encrypted(self._socket, host, options)
        self._socket.settimeout(None)
        self._reader = Reader()
        self._hear = hear
        self.database = 0
        self.transaction = False
        if options.get("password"):
            user = [options["username"]] if options.get("username") else []
            self._must("AUTH", *user, options["password"])
        if options.get("db"):
            self._must("SELECT", str(options["db"]))

    def _must(self, *words: str) -> None:
        reply = self.ask([w.encode() for w in words])
        if isinstance(reply, ErrorReply):
            raise redis.ResponseError(str(reply))

    def ask(self, words: list[bytes], patience: float | None = None) -> Any:
        """Send one command and return its reply.

        Args:
            words: the command.
            patience: how many seconds to wait for the reply; None for as long as it takes.

        Raises:
            Lost: when the connection ends before the reply is there.
            Silence: when `patience` is over; close the session then.
        """
        until = None if patience is None else time.monotonic() + patience
        try:
            self._socket.sendall(encode_command(*words))
        except OSError as error:
            raise Lost(f"Error: {error.strerror or error}") from None
        name = words[0].upper()
        while isinstance(reply := self._read(until), Push) and not name.endswith(b"SUBSCRIBE"):
            self._hear(reply)
        self._note(name, words, reply)
        return reply

    def ask_all(self, commands: list[list[bytes]]) -> list[Any]:
        """Send all `commands` at once and return their replies, error replies among them.

        Raises:
            Lost: when the connection ends before the last reply is there.
        """
        replies: list[Any] = []
        # In parts, so that neither side has to wait for the other to empty its buffer.
        for start in range(0, len(commands), 100):
            part = commands[start : start + 100]
            try:
                self._socket.sendall(b"".join(encode_command(*words) for words in part))
            except OSError as error:
                raise Lost(f"Error: {error.strerror or error}") from None
            replies += [self._read() for _ in part]
        return replies

    def _note(self, name: bytes, words: list[bytes], reply: Any) -> None:
        """Keep what the prompt tells: the database and whether a transaction is open."""
        if name == b"MULTI" and isinstance(reply, SimpleString):
            self.transaction = True
        elif name in {b"EXEC", b"DISCARD", b"RESET"}:
            # An EXEC outside a transaction is an error and changes nothing either way.
            self.transaction = False
            if name == b"RESET":
                self.database = 0
        elif name == b"SELECT" and isinstance(reply, SimpleString) and len(words) == 2 and reply == "OK":
            self.database = int(words[1])

    def follow(self) -> Iterator[Any]:
        """Replies for as long as they come."""
        while True:
            yield self._read()

    def _read(self, until: float | None = None) -> Any:
        try:
            while (reply := self._reader.read()) is INCOMPLETE:
                # A timeout of 0 would mean "do not block" to the socket.
                self._socket.settimeout(None if until is None else max(until - time.monotonic(), 0.001))
                data = self._socket.recv(65536)
                if not data:
                    raise Lost("Error: Server closed the connection")
                self._reader.feed(data)
        except TimeoutError:
            raise Silence from None
        except OSError as error:
            raise Lost(f"Error: {error.strerror or error}") from None
        except ProtocolError as error:
            raise Lost(f"Error: that is not the protocol of Redis: {error}") from None
        return reply

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def prompt(self) -> str:
        """What redis-cli shows before the cursor."""
        return f"{self.address}{self.state()}> "

    def state(self) -> str:
        """What the prompt tells of the connection: ``[3]`` in database 3, ``(TX)`` inside a transaction."""
        database = f"[{self.database}]" if self.database else ""
        return f"{database}{'(TX)' if self.transaction else ''}"


def _encrypted(plain: socket.socket, host: str, options: dict[str, Any]) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if str(options.get("ssl_check_hostname", "")).lower() in {"false", "0", "no"}:
        context.check_hostname = False
    if options.get("ssl_cert_reqs") in {"none", "CERT_NONE", ssl.CERT_NONE}:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def read_line(line: str) -> tuple[int, list[bytes]]:
    """How often to run the command on a typed line, and its words: ``3 INCR n`` is three times ``INCR n``.

    Raises:
        ValueError: where redis-cli answers "Invalid argument(s)".
    """
    parts = split_line(line)
    if len(parts) > 1 and parts[0].isdigit() and int(parts[0]) > 0:
        return int(parts[0]), parts[1:]
    return 1, parts


def invalidated(reply: Any) -> str | None:
    """redis-cli's line for a message of client-side caching; None for any other reply."""
    if not isinstance(reply, Push) or len(reply) != 2 or reply[0] != b"invalidate" or not reply[1]:
        return None
    return "-> invalidate: " + ", ".join(f"'{key.decode(errors='backslashreplace')}'" for key in reply[1])
