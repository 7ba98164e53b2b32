"""`course redis cli`: a small redis-cli for people who have none.

It reads a line as redis-cli does and shows replies as redis-cli does: formatted on a terminal, raw in a pipe, a prompt
that tells the database and an open transaction, ``3 PING`` for three times, messages until Ctrl-C. The connection is a
`grader.wire.session.Session`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import redis

from grader.cli.screen import errors
from grader.resp import ErrorReply, Map, Verbatim
from grader.servers import LocalServer, learning
from grader.wire import format_reply, split_line
from grader.wire.redis_cli import shows_raw
from grader.wire.session import LISTENING, Lost, Session, invalidated, read_line

_HELP = """\
Type a command, for example  SET greeting "hello redis"  or  GET greeting
  HELP                 this text
  HELLO 3              speak RESP3 from here on
  3 INCR counter       the same command three times
  CLEAR                clear the screen
  EXIT, QUIT, Ctrl-D   leave
The commands of Redis: https://redis.io/docs/latest/commands/
"""
_SLOW_SECONDS = 0.5
# A line with one of these words is not written to the history: it may hold a password.
_SECRET = {b"AUTH", b"REQUIREPASS", b"MASTERAUTH", b"SETUSER", b"MIGRATE"}


def run(folder: Path, words: list[str], url: str | None) -> int:
    """Run one command (`words`), the lines of standard input, or a prompt; returns the exit status."""
    server = learning(url, folder=folder)
    session = _opened(server.url)
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


def _opened(url: str) -> Session:
    return Session(url, lambda push: _print(push, []))


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
        session = _opened(url)
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
        times, parts = read_line(line)
    except ValueError:
        print("Invalid argument(s)", flush=True)  # noqa: T201
        return True
    if not parts:
        return False
    name = parts[0].upper() if times == 1 else b""  # as in redis-cli, "2 HELP" goes to Redis
    if name in {b"EXIT", b"QUIT"}:
        raise EOFError
    if name in {b"HELP", b"?"}:
        print(_HELP, end="", flush=True)  # noqa: T201
        return False
    if name == b"CLEAR":
        print("\033[H\033[2J", end="", flush=True)  # noqa: T201
        return False
    failed = False
    for _ in range(times):
        failed = _run(session, parts)
    return failed


def _run(session: Session, parts: list[bytes]) -> bool:
    """Run one command and print its reply; returns whether it was an error."""
    begun = time.monotonic()
    name = parts[0].upper()
    listens = name in LISTENING and sys.stdout.isatty()
    reply = session.ask(parts)
    took = time.monotonic() - begun
    wrong = isinstance(reply, ErrorReply)
    if listens and not wrong and name != b"MONITOR":
        print("Reading messages... (press Ctrl-C to quit)")  # noqa: T201
    _print(reply, parts)
    if took >= _SLOW_SECONDS and sys.stdout.isatty():
        print(f"({took:.2f}s)", flush=True)  # noqa: T201
    if not wrong and name in LISTENING:
        for message in session.follow():
            _print(message, parts)
    return wrong


def _print(reply: Any, command: list[bytes]) -> None:
    """As redis-cli does: formatted for a person at a terminal, the plain values for a program."""
    if sys.stdout.isatty():
        text = invalidated(reply) or format_reply(reply, command)
        if text or not shows_raw(command):
            print(text, flush=True)  # noqa: T201
        return
    sys.stdout.flush()
    as_it_is = shows_raw(command) and isinstance(reply, bytes | Verbatim)
    sys.stdout.buffer.write(raw(reply) + (b"" if as_it_is else b"\n"))
    sys.stdout.buffer.flush()


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
