"""The grader's end of a worker's Redis connections: bytes in, bytes out, through the check's own recorded clients.

A client in a worker is a redis-py client whose connections have no socket. Their commands arrive here, are read as
commands (anything else is refused), and leave through a connection of the very client that the check handed over: so
they are recorded, raced and cut exactly as if the answer ran beside the check.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from redis.connection import ConnectionPool

from grader.inside.channel import Message
from grader.inside.deadline import DeadlineError
from grader.inside.values import BadValue
from grader.wire.recorder import Echoing

# Error replies that redis-py takes for the end of a connection.
_ERROR_REPLIES = (redis.AuthenticationError, redis.BusyLoadingError, redis.exceptions.AuthorizationError)
_MOST_ARGUMENTS = 1_000_000
_MOST_CONNECTIONS = 200


@dataclass(slots=True)
class _Tunnel:
    pool: ConnectionPool
    connection: Any
    owed: int = 0
    failed: BaseException | None = None


class Tunnels:
    """All connections of one worker.

    Args:
        client_of: the client that a worker's reference means.
    """

    def __init__(self, client_of: Callable[[int], redis.Redis]) -> None:
        self._client_of = client_of
        self._tokens = itertools.count(1)
        self._open: dict[int, _Tunnel] = {}

    def connect(self, message: Message) -> Message:
        """Open a connection of the client ``message["thing"]``."""
        client = self._client_of(message["thing"])
        if len(self._open) >= _MOST_CONNECTIONS:
            raise redis.ConnectionError("Too many connections")
        pool = client.connection_pool
        if not issubclass(pool.connection_class, Echoing):
            kind = pool.connection_class
            pool.disconnect()
            pool.reset()
            pool.connection_class = type(kind.__name__, (Echoing, kind), {})
        connection: Any = pool.get_connection()
        connection.echo = bytearray()
        token = next(self._tokens)
        self._open[token] = _Tunnel(pool, connection)
        return {"token": token}

    def send(self, message: Message) -> Message:
        """Send commands; what goes wrong is told when the reply is asked for, as nobody waits for this."""
        tunnel = self._tunnel(message)
        data = base64.b64decode(message["data"], validate=True)
        commands = count_commands(data)
        try:
            if message.get("fresh") and not tunnel.owed:
                # The worker's pool has lent it out anew: the pool here looks whether the connection still stands.
                tunnel.connection.echo = None
                tunnel.pool.release(tunnel.connection)
                tunnel.connection = tunnel.pool.get_connection()
                tunnel.connection.echo = bytearray()
            tunnel.owed += commands
            tunnel.connection.send_packed_command([data], check_health=False)
        except (DeadlineError, KeyboardInterrupt):
            raise
        except BaseException as error:
            # Of the connection's, or of a hook by which the check steps in at this command.
            tunnel.failed = error
        return {}

    def receive(self, message: Message) -> Message:
        """The bytes of the replies that are there; of the next one at least, unless the time given is over."""
        tunnel = self._tunnel(message)
        if tunnel.failed is not None:
            error, tunnel.failed = tunnel.failed, None
            raise error
        connection = tunnel.connection
        echo = connection.echo if connection.echo is not None else bytearray()
        connection.echo = echo
        seconds = message.get("seconds")
        if not echo:
            while not echo:
                if isinstance(seconds, int | float) and not connection.can_read(timeout=min(max(seconds, 0), 60)):
                    return {"late": True}
                self._read(tunnel, bool(message.get("raw")))
            while tunnel.owed > 0 and connection.is_connected and connection.can_read(timeout=0):
                self._read(tunnel, bool(message.get("raw")))
        data = base64.b64encode(echo).decode("ascii")
        echo.clear()
        return {"data": data}

    def _read(self, tunnel: _Tunnel, raw: bool) -> None:
        """Read one reply, so that it is recorded; if it is an error, the worker's client will see that in the bytes."""
        connection = tunnel.connection
        try:
            connection.read_response(disable_decoding=raw, push_request=True)
            tunnel.owed = max(0, tunnel.owed - 1)
        except (redis.ResponseError, UnicodeDecodeError):
            tunnel.owed = max(0, tunnel.owed - 1)
        except redis.ConnectionError as error:
            tunnel.owed = 0
            told_by_redis = type(error) in _ERROR_REPLIES
            if not told_by_redis or not connection.echo:
                raise

    def ready(self, message: Message) -> Message:
        """Whether there is something to read, or will be within the time given."""
        connection = self._tunnel(message).connection
        seconds = min(max(float(message["seconds"]), 0.0), 60.0)
        return {"ready": bool(connection.echo) or bool(connection.can_read(timeout=seconds))}

    def close(self, message: Message) -> Message:
        """Close a connection of the worker's."""
        tunnel = self._open.pop(message.get("token", 0), None)
        if tunnel is not None:
            self._let_go(tunnel)
        return {}

    def close_all(self) -> None:
        """Close all of them: the worker is gone."""
        while self._open:
            self._let_go(self._open.popitem()[1])

    @staticmethod
    def _let_go(tunnel: _Tunnel) -> None:
        tunnel.connection.echo = None
        tunnel.connection.disconnect()
        tunnel.pool.release(tunnel.connection)

    def _tunnel(self, message: Message) -> _Tunnel:
        tunnel = self._open.get(message["token"])
        if tunnel is None:
            raise redis.ConnectionError("Connection closed by server.")
        return tunnel


def count_commands(data: bytes) -> int:
    """How many commands `data` holds, each an array of bulk strings, and nothing else.

    Raises:
        BadValue: for anything else; no redis-py client sends that.
    """
    at = count = 0
    while at < len(data):
        number, at = _header(data, at, b"*")
        if not 0 < number <= _MOST_ARGUMENTS:
            raise BadValue("a command of no words, or of too many")
        for _ in range(number):
            size, at = _header(data, at, b"$")
            at += size + 2
            if size < 0 or at > len(data) or data[at - 2 : at] != b"\r\n":
                raise BadValue("a command that is not whole")
        count += 1
    return count


def _header(data: bytes, at: int, mark: bytes) -> tuple[int, int]:
    end = data.find(b"\r\n", at, at + 16)
    if data[at : at + 1] != mark or end < 0 or not data[at + 1 : end].isdigit():
        raise BadValue("bytes that are no command")
    return int(data[at + 1 : end]), end + 2
