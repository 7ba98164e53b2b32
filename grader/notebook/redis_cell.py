"""The cell magic ``%%redis``: commands as one types them into redis-cli, replies as it prints them."""

from __future__ import annotations

from typing import Any

import redis

from grader.notebook.quiet import Quiet
from grader.notebook.wire import kernel_wire
from grader.resp import ErrorReply, Push
from grader.wire.redis_cli import format_reply, shows_raw
from grader.wire.session import LISTENING, Lost, Session, Silence, invalidated, read_line

_PATIENCE = 60.0
_FOR_EVER_PATIENCE = 3.0
"""Seconds to wait for a reply; the second one where the command itself would wait without end."""
_KEPT: dict[str, Session] = {}
_LINES = 500
"""So many lines of one reply are printed; a notebook that holds more is slow to open."""
_ENDLESS = LISTENING | {b"SYNC", b"PSYNC"}
_AT_A_PROMPT = {b"EXIT", b"QUIT", b"HELP", b"?", b"CLEAR"}
_BLOCK_LAST = frozenset({b"BLPOP", b"BRPOP", b"BLMOVE", b"BRPOPLPUSH", b"BZPOPMIN", b"BZPOPMAX", b"WAIT", b"WAITAOF"})
_BLOCK_FIRST = frozenset({b"BLMPOP", b"BZMPOP"})


def run(name: str, cell: str) -> None:
    """Run the lines of `cell` on one connection: a fresh one, or the one kept under `name`.

    Raises:
        Quiet: when there is no Redis, or the connection ends.
    """
    name = name.strip()
    kernel = kernel_wire()
    session = _KEPT.get(name)
    if session is None:
        # Below %%wire it goes through the proxy, so that it is seen.
        session = _open(kernel.proxy().url if kernel.measuring and not name else kernel.target())
    if name:
        _KEPT[name] = session
    finished = False
    try:
        for line in cell.splitlines():
            _line(session, name, line)
        finished = True
    except Lost as lost:
        raise Quiet(str(lost)) from None
    finally:
        if not name or not finished:
            _KEPT.pop(name, None)
            session.close()
    if session.transaction and not name:
        _say("(The connection of this cell ends inside a transaction: without EXEC, Redis drops what was queued.)")


def _open(url: str) -> Session:
    try:
        return Session(url, lambda push: _say(_shown(push, [])))
    except (OSError, redis.RedisError, Lost) as error:
        raise Quiet(f"No Redis: {error}") from None


def _line(session: Session, name: str, line: str) -> None:
    """Run one line and print it with its reply.

    Raises:
        Lost: when the connection ends, or cannot be used any more.
    """
    line = line.strip()
    if not line or line.startswith("#"):
        _say(line)
        return
    _say(f"{name}{session.state()}> {line}")
    try:
        times, words = read_line(line)
    except ValueError as error:
        _say("Invalid argument(s)")
        _say(f"({str(error).removeprefix('Invalid argument(s): ')})")
        return
    command = words[0].upper()
    if command in _ENDLESS:
        _say(f"({command.decode()} never ends, so it is not run in a cell. Try `course redis cli` in a terminal, or")
        _say(" r.pubsub() in Python.)")
        return
    if command in _AT_A_PROMPT and times == 1 and len(words) == 1:
        _say(f"({command.decode()} is for a prompt; a cell does not need it.)")
        return
    if [word.upper() for word in words[:3]] in ([b"CLIENT", b"REPLY", b"OFF"], [b"CLIENT", b"REPLY", b"SKIP"]):
        _say("(After this no reply comes, and a cell that waits for replies would wait for ever.)")
        return
    endless = _waits_for_ever(words)
    for _ in range(times):
        try:
            reply = session.ask(words, _FOR_EVER_PATIENCE if endless else _PATIENCE)
        except Silence:
            why = (
                "with a timeout of 0 it would wait for ever; give it one in seconds"
                if endless
                else "the connection was given up"
            )
            patience = _FOR_EVER_PATIENCE if endless else _PATIENCE
            raise Lost(f"No reply after {patience:.0f} s, so the cell stops here: {why}.") from None
        text = _shown(reply, words)
        if text or not shows_raw(words):
            _say(text)


def _waits_for_ever(words: list[bytes]) -> bool:
    """Whether a command asks to block without end."""
    command, zero = words[0].upper(), (b"0", b"0.0")
    if command in _BLOCK_LAST:
        return words[-1] in zero
    if command in _BLOCK_FIRST:
        return words[1:2] != [] and words[1] in zero
    if command in {b"XREAD", b"XREADGROUP"}:
        upper = [word.upper() for word in words]
        return b"BLOCK" in upper and words[upper.index(b"BLOCK") + 1 :][:1] == [b"0"]
    return False


def _shown(reply: Any, words: list[bytes]) -> str:
    if isinstance(reply, Push) and (line := invalidated(reply)):
        return line
    text = format_reply(reply) if isinstance(reply, ErrorReply) else format_reply(reply, words)
    lines = text.split("\n")
    if len(lines) <= _LINES:
        return text
    return "\n".join([*lines[:_LINES], f"(… {len(lines) - _LINES:,} more lines)"])


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the output of the learner's own cell
