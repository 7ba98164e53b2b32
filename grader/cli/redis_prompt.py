"""`course redis cli`: a small redis-cli for people who have none.

It reads a line as redis-cli does and shows replies as redis-cli does: formatted on a terminal, raw in a pipe, a prompt
that tells the database and an open transaction, ``3 PING`` for three times, messages until Ctrl-C. A command is sent as
it was typed over a raw connection, so what comes back is what Redis said, not what a client library made of it.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import redis

from grader.cli.screen import errors
from grader.resp import INCOMPLETE, ErrorReply, Map, ProtocolError, Push, Reader, SimpleString, Verbatim, encode_command
from grader.servers import LocalServer, learning
from grader.wire import format_reply, split_line
from grader.wire.redis_cli import shows_raw

_HELP = """\
Type a command, for example  SET greeting "hello redis"  or  GET greeting
  HELP                 this text
  HELLO 3              speak RESP3 from here on
  3 INCR counter       the same command three times
  CLEAR                clear the screen
  EXIT, QUIT, Ctrl-D   leave
The commands of Redis: https://redis.io/docs/latest/commands/
"""
_LISTENING = {b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"MONITOR"}
_SLOW_SECONDS = 0.5
# A line with one of these words is not written to the history: it may hold a password.
_SECRET = {b"AUTH", b"REQUIREPASS", b"MASTERAUTH", b"SETUSER", b"MIGRATE"}


class Lost(Exception):
    """The connection ended; `str()` of it says how."""


class Session:
    """A raw connection to a Redis: one command, its reply (or, for SUBSCRIBE and MONITOR, replies without end).

    Raises:
        OSError: when there is no connection.
        redis.RedisError: when the password or the database is refused.
    """

    def __init__(self, url: str) -> None:
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

    def ask(self, words: list[bytes]) -> Any:
        """Send one command and return its reply.

        Raises:
            Lost: when the connection ends before the reply is there.
        """
        try:
            self._socket.sendall(encode_command(*words))
        except OSError as error:
            raise Lost(f"Error: {error.strerror or error}") from None
        name = words[0].upper()
        while isinstance(reply := self._read(), Push) and not name.endswith(b"SUBSCRIBE"):
            _print(reply, [])
        self._note(name, words, reply)
        return reply

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

    def _read(self) -> Any:
        try:
            while (reply := self._reader.read()) is INCOMPLETE:
                data = self._socket.recv(65536)
                if not data:
                    raise Lost("Error: Server closed the connection")
                self._reader.feed(data)
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
        database = f"[{self.database}]" if self.database else ""
        return f"{self.address}{database}{'(TX)' if self.transaction else ''}> "


def _encrypted(plain: socket.socket, host: str, options: dict[str, Any]) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if str(options.get("ssl_check_hostname", "")).lower() in {"false", "0", "no"}:
        context.check_hostname = False
    if options.get("ssl_cert_reqs") in {"none", "CERT_NONE", ssl.CERT_NONE}:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)


def run(folder: Path, words: list[str], url: str | None) -> int:
    """Run one command (`words`), the lines of standard input, or a prompt; returns the exit status."""
    server = learning(url, folder=folder)
    session = Session(server.url)
    if words:
        try:
            return 1 if _run(session, [os.fsencode(w) for w in words]) else 0
        except Lost as lost:
            errors().print(str(lost))
            return 1
    if sys.stdin.isatty():
        if isinstance(server, LocalServer):
            errors().print(
                "No Redis was running: this one ends with the prompt. `course redis start` starts one that stays."
            )
        return _talk(session, server.url, folder)
    failed = False
    for line in sys.stdin:
        try:
            failed = _line(session, line)
        except EOFError:
            break
        except Lost as lost:
            errors().print(str(lost))
            return 1
    return 1 if failed else 0


def _talk(session: Session, url: str, folder: Path) -> int:
    """A prompt until EXIT, QUIT or Ctrl-D. A lost connection is made again, as redis-cli does."""
    lines = _typed(folder)
    next(lines)
    there: Session | None = session
    database = session.database
    while True:
        try:
            typed = lines.send(there.prompt() if there is not None else "not connected> ")
        except StopIteration:
            return 0
        for line in typed.splitlines():  # several lines can be pasted at once
            if _words(line)[:1] in ([b"EXIT"], [b"QUIT"]):
                return 0
            try:
                if there is None:
                    there = _again(url, database)
                _line(there, line)
                continue
            except KeyboardInterrupt:
                pass  # it ends the waiting or listening, and with it this connection
            except Lost as lost:
                if _words(line)[:1] != [b"SHUTDOWN"]:
                    errors().print(str(lost))
            if there is not None:
                database = there.database
                there.close()
                there = _connected(url, database)
            break


def _connected(url: str, database: int) -> Session | None:
    try:
        return _again(url, database)
    except Lost as lost:
        errors().print(str(lost))
        return None


def _words(line: str) -> list[bytes]:
    try:
        return [word.upper() for word in split_line(line)]
    except ValueError:
        return []


def _again(url: str, database: int) -> Session:
    try:
        session = Session(url)
        if session.database != database:
            session.ask([b"SELECT", str(database).encode()])
    except OSError as error:
        address = url.partition("://")[2].rpartition("@")[2].partition("/")[0] or url
        raise Lost(f"Could not connect to Redis at {address}: {error.strerror or error}") from None
    except redis.RedisError as error:
        raise Lost(f"Redis refused the connection: {error}") from None
    return session


def _line(session: Session, line: str) -> bool:
    """Run what stands on one line; returns whether Redis answered with an error.

    Raises:
        EOFError: for EXIT and QUIT.
    """
    try:
        parts = split_line(line)
    except ValueError:
        print("Invalid argument(s)", flush=True)  # noqa: T201
        return True
    if not parts:
        return False
    name = parts[0].upper()
    if name in {b"EXIT", b"QUIT"}:
        raise EOFError
    if name in {b"HELP", b"?"}:
        print(_HELP, end="", flush=True)  # noqa: T201
        return False
    if name == b"CLEAR":
        print("\033[H\033[2J", end="", flush=True)  # noqa: T201
        return False
    times = 1
    if len(parts) > 1 and parts[0].isdigit() and int(parts[0]) > 0:
        times, parts = int(parts[0]), parts[1:]
    failed = False
    for _ in range(times):
        failed = _run(session, parts)
    return failed


def _run(session: Session, parts: list[bytes]) -> bool:
    """Run one command and print its reply; returns whether it was an error."""
    begun = time.monotonic()
    name = parts[0].upper()
    listens = name in _LISTENING and sys.stdout.isatty()
    reply = session.ask(parts)
    took = time.monotonic() - begun
    wrong = isinstance(reply, ErrorReply)
    if listens and not wrong and name != b"MONITOR":
        print("Reading messages... (press Ctrl-C to quit)")  # noqa: T201
    _print(reply, parts)
    if took >= _SLOW_SECONDS and sys.stdout.isatty():
        print(f"({took:.2f}s)", flush=True)  # noqa: T201
    if not wrong and name in _LISTENING:
        for message in session.follow():
            _print(message, parts)
    return wrong


def _print(reply: Any, command: list[bytes]) -> None:
    """As redis-cli does: formatted for a person at a terminal, the plain values for a program."""
    if sys.stdout.isatty():
        text = _invalidated(reply) or format_reply(reply, command)
        if text or not shows_raw(command):
            print(text, flush=True)  # noqa: T201
        return
    sys.stdout.flush()
    as_it_is = shows_raw(command) and isinstance(reply, bytes | Verbatim)
    sys.stdout.buffer.write(raw(reply) + (b"" if as_it_is else b"\n"))
    sys.stdout.buffer.flush()


def _invalidated(reply: Any) -> str | None:
    """The line for a message of client-side caching; None for any other reply."""
    if not isinstance(reply, Push) or len(reply) != 2 or reply[0] != b"invalidate" or not reply[1]:
        return None
    return "-> invalidate: " + ", ".join(f"'{key.decode(errors='backslashreplace')}'" for key in reply[1])


def raw(reply: Any) -> bytes:
    """`reply` as redis-cli prints it into a pipe: values without quotes or types, a line each."""
    match reply:
        case None:
            return b""
        case bool():
            return b"(true)" if reply else b"(false)"
        case Verbatim():
            return bytes(reply.data)
        case bytes():
            return reply
        case ErrorReply():
            return reply.text.encode("utf-8", "surrogateescape") + b"\n"
        case str():
            return reply.encode("utf-8", "surrogateescape")
        case Map():
            return b"\n".join(raw(key) + b" " + raw(value) for key, value in reply)
        case list() | tuple() | set() | frozenset():
            return b"\n".join(raw(item) for item in reply)
        case int():
            return str(int(reply)).encode()
        case _:
            return str(getattr(reply, "text", reply)).encode()


def _typed(folder: Path) -> Generator[str, str, None]:
    """What is typed at each prompt that is sent in; ends at Ctrl-D."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    class Discreet(FileHistory):
        """A history without passwords."""

        def store_string(self, string: str) -> None:
            if not _SECRET.intersection(string.encode("utf-8", "surrogateescape").upper().split()):
                super().store_string(string)

    kept = folder / ".course" / "redis-history"
    history: History = InMemoryHistory()
    try:
        kept.parent.mkdir(exist_ok=True)
        with kept.open("ab"):
            history = Discreet(str(kept))
    except OSError:
        pass  # without a place to keep it, the history lasts as long as the prompt
    typed: PromptSession[str] = PromptSession(history=history)
    text = ""
    while True:
        prompt = yield text
        try:
            text = typed.prompt(prompt)
        except KeyboardInterrupt:
            text = ""
        except EOFError:
            return
