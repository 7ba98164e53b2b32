"""The owner's own connection to a server: raw, fast, and opened only for the moment it is needed, so that
it shows up in nobody's CLIENT LIST. It asks whether Redis is ready, remembers its configuration and resets
it."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hiredis

Address = Path | tuple[str, int]
Command = tuple[str | bytes, ...]


class Refused(Exception):
    """Redis answered the owner with an error, or not at all."""


class Control:
    """A connection for the owner's commands; a context manager.

    Args:
        address: the Unix socket, or host and port.
        password: of the default user, if there is one.
        timeout: seconds to wait for the connection and for each reply.

    Raises:
        OSError: when there is no connection.
        Refused: when Redis answers with an error.
    """

    def __init__(self, address: Address, password: str | None, timeout: float) -> None:
        if isinstance(address, Path):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(timeout)
            try:
                self._socket.connect(str(address))
            except OSError:
                self._socket.close()
                raise
        else:
            self._socket = socket.create_connection(address, timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = hiredis.Reader()
        self._prefix: list[Command] = [("AUTH", password)] if password else []

    def __enter__(self) -> "Control":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, *commands: Command) -> list[Any]:
        """Send the commands in one go and return their replies; errors are returned, not raised.

        Raises:
            Refused: when the password is refused or the connection ends.
        """
        commands = (*self._prefix, *commands)
        try:
            self._socket.sendall(b"".join(map(_packed, commands)))
            replies = [self._read() for _ in commands]
        except OSError as error:
            raise Refused(str(error)) from error
        if self._prefix:
            if isinstance(replies[0], hiredis.ReplyError):
                raise Refused(str(replies[0]))
            self._prefix = []
            replies = replies[1:]
        return replies

    def _read(self) -> Any:
        while (reply := self._reader.gets()) is False:
            data = self._socket.recv(65536)
            if not data:
                raise Refused("the connection was closed")
            self._reader.feed(data)
        return reply


def _packed(command: Command) -> bytes:
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub says a tuple of one
    return packed


@dataclass(frozen=True)
class Baseline:
    """What a server was like when it had just started: its configuration and its users."""

    config: dict[bytes, bytes]
    users: frozenset[bytes]

    @classmethod
    def of(cls, control: Control) -> "Baseline":
        """Read it.

        Raises:
            Refused: when Redis does not answer as expected.
        """
        flat, users = control.ask(("CONFIG", "GET", "*"), ("ACL", "LIST"))
        if not isinstance(flat, list) or not isinstance(users, list):
            raise Refused(str(flat if not isinstance(flat, list) else users))
        return cls(dict(zip(flat[::2], flat[1::2], strict=True)), frozenset(users))


# The order matters: first what could keep the rest from running, last what the rest leaves in the statistics.
_RESET: tuple[Command, ...] = (
    ("CLIENT", "UNPAUSE"),
    ("REPLICAOF", "NO", "ONE"),
    ("CLIENT", "KILL", "SKIPME", "yes"),
    ("SCRIPT", "FLUSH", "SYNC"),
    ("FUNCTION", "FLUSH", "SYNC"),
    ("CONFIG", "GET", "*"),
    ("ACL", "LIST"),
)
_FORGET: tuple[Command, ...] = (
    ("FLUSHALL", "SYNC"),
    ("SLOWLOG", "RESET"),
    ("LATENCY", "RESET"),
    ("ACL", "LOG", "RESET"),
    ("CONFIG", "RESETSTAT"),
)


def reset(control: Control, baseline: Baseline) -> None:
    """Bring the server back to its baseline, without keys, scripts, functions and other clients.

    Raises:
        Refused: when any part of it is not possible; the server must then be started anew.
    """
    *_, flat, users = _all_well(control.ask(*_RESET))
    if baseline.config.get(b"enable-debug-command") in (b"yes", b"local"):
        control.ask(("DEBUG", "SET-ACTIVE-EXPIRE", "1"))
    commands = [*_config_back(flat, baseline), *_users_back(users, baseline), *_FORGET]
    _all_well(control.ask(*commands))


def _config_back(flat: list[bytes], baseline: Baseline) -> list[Command]:
    now = dict(zip(flat[::2], flat[1::2], strict=True))
    changed = [(name, value) for name, value in baseline.config.items() if now.get(name) != value]
    if not changed:
        return []
    return [(b"CONFIG", b"SET", *(word for pair in changed for word in pair))]


def _users_back(users: list[bytes], baseline: Baseline) -> list[Command]:
    now = frozenset(users)
    if now == baseline.users:
        return []
    expected = {line.split()[1] for line in baseline.users}
    strangers = [line.split()[1] for line in now if line.split()[1] not in expected]
    rules = [line.split()[1:] for line in baseline.users - now]
    back: list[Command] = [(b"ACL", b"SETUSER", name, b"reset", *words) for name, *words in rules]
    if strangers:
        back.append((b"ACL", b"DELUSER", *strangers))
    return back


def _all_well(replies: list[Any]) -> list[Any]:
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise Refused(str(reply))
    return replies
