"""`course redis cli`: a small redis-cli for people who have none.

Same reading of quotes, same look of replies, history with the arrow keys, errors as redis-cli shows them. A command is
sent as it was typed over a raw connection, so what comes back is what Redis said, not what a client library made of it.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from grader.cli.screen import errors
from grader.resp import INCOMPLETE, ErrorReply, Push, Reader, SimpleString, encode_command
from grader.servers import learning
from grader.wire import format_reply, split_line

_HELP = """\
Type a command, for example  SET greeting "hello redis"  or  GET greeting
  HELP                 this text
  HELLO 3              speak RESP3 from here on
  CLEAR                clear the screen
  EXIT, QUIT, Ctrl-D   leave
"""


class Session:
    """A raw connection to a Redis: one command, its reply (or, for SUBSCRIBE and MONITOR, replies without end)."""

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = redis.ConnectionPool.from_url(url).connection_kwargs
        if "path" in options:
            self.address = f"unix {options['path']}"
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(options["path"])
        else:
            host, port = options.get("host", "127.0.0.1"), int(options.get("port", 6379))
            self.address = f"{host}:{port}"
            self._socket = socket.create_connection((host, port), 5)
        self._socket.settimeout(None)
        self._reader = Reader()
        self.database = int(options.get("db") or 0)
        if options.get("password"):
            user = [options["username"]] if options.get("username") else []
            self._must("AUTH", *user, options["password"])
        if self.database:
            self._must("SELECT", str(self.database))

    def _must(self, *words: str) -> None:
        reply = self.ask([w.encode() for w in words])
        if isinstance(reply, ErrorReply):
            raise redis.ResponseError(str(reply))

    def ask(self, words: list[bytes]) -> Any:
        """Send one command and return its reply."""
        self._socket.sendall(encode_command(*words))
        name = words[0].upper()
        while isinstance(reply := self._read(), Push) and not name.endswith(b"SUBSCRIBE"):
            print(format_reply(reply))  # noqa: T201 - a pushed message, as redis-cli shows it
        if name == b"SELECT" and isinstance(reply, SimpleString) and len(words) == 2:
            self.database = int(words[1])
        return reply

    def follow(self) -> Iterator[Any]:
        """Replies for as long as they come."""
        while True:
            yield self._read()

    def _read(self) -> Any:
        while (reply := self._reader.read()) is INCOMPLETE:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("Redis closed the connection")
            self._reader.feed(data)
        return reply

    def prompt(self) -> str:
        """What redis-cli shows before the cursor."""
        return f"{self.address}{f'[{self.database}]' if self.database else ''}> "


def run(folder: Path, words: list[str], url: str | None) -> int:
    """Run one command (`words`), the lines of standard input, or a prompt; returns the exit status."""
    server = learning(url, folder=folder)
    session = Session(server.url)
    if words:
        return 1 if _run(session, [w.encode() for w in words]) else 0
    lines = _typed(session, folder) if sys.stdin.isatty() else iter(sys.stdin)
    failed = False
    for line in lines:
        try:
            parts = split_line(line)
        except ValueError:
            print("Invalid argument(s)")  # noqa: T201
            continue
        if not parts:
            continue
        name = parts[0].upper()
        if name in {b"EXIT", b"QUIT"}:
            break
        if name == b"HELP":
            print(_HELP, end="")  # noqa: T201
        elif name == b"CLEAR":
            print("\033[2J\033[H", end="")  # noqa: T201
        else:
            try:
                failed = _run(session, parts)
            except (OSError, ConnectionError) as error:
                errors().print(f"Not connected: {error}. Trying again.")
                try:
                    session = Session(learning(url, folder=folder).url)
                except (OSError, redis.RedisError) as again:
                    errors().print(f"Redis does not answer: {again}")
                    return 1
    return 1 if failed and not sys.stdin.isatty() else 0


def _run(session: Session, parts: list[bytes]) -> bool:
    """Run one command and print its reply; returns whether it was an error."""
    reply = session.ask(parts)
    print(format_reply(reply), flush=True)  # noqa: T201
    name = parts[0].upper()
    if not isinstance(reply, ErrorReply) and name in {b"SUBSCRIBE", b"PSUBSCRIBE", b"SSUBSCRIBE", b"MONITOR"}:
        try:
            for message in session.follow():
                print(format_reply(message), flush=True)  # noqa: T201
        except KeyboardInterrupt:
            # As redis-cli: Ctrl-C ends the listening, and with it this connection.
            raise ConnectionError("listening was stopped") from None
    return isinstance(reply, ErrorReply)


def _typed(session: Session, folder: Path) -> Iterator[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import FileHistory

    kept = folder / ".course" / "redis-history"
    kept.parent.mkdir(exist_ok=True)
    typed: PromptSession[str] = PromptSession(history=FileHistory(str(kept)))
    while True:
        try:
            yield typed.prompt(session.prompt())
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
