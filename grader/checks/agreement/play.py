"""A script sent to a server, in one of several manners, and every byte that came back, step by step.

`Player` holds the connections to one server. Whatever the server does (nothing, garbage, too much, hanging up) is a
result, not an exception. Two things make the plays of two servers comparable:

A *plain* script, in which every command gets one reply on its own connection, may be sent in any manner. In any
other (blocking commands, subscribers, several replies or none) each step is followed until it has had its whole
effect: two PINGs over a connection of their own are answered one after the other. What arrived before the first
piece of data, a server that serves its clients in turn has read when it answers the second PING. In the same way the
player makes sure that a server has read the first piece of a command before the second is sent.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeAlias

from grader.checks.agreement.script import Script, Step
from grader.resp import INCOMPLETE, NULL_ARRAY, ProtocolError, Reader, encode_command, encode_reply

Address: TypeAlias = "Path | tuple[str, int]"


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Commands behind which the connection is not as it was: it is used for no further script.
_LEAVES_A_TRACE = _names(
    "ASKING AUTH CLIENT DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE PUNSUBSCRIBE QUIT READONLY READWRITE RESET SELECT "
    "SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC PSYNC UNSUBSCRIBE WATCH"
)
# Commands that may have any other number of replies than one, or none yet.
_NOT_PLAIN = _names(
    "MONITOR PSUBSCRIBE PUNSUBSCRIBE QUIT SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC PSYNC UNSUBSCRIBE WAIT WAITAOF "
    "SHUTDOWN"
)
_NOT_PLAIN_CLIENT = frozenset({b"REPLY", b"KILL", b"TRACKING", b"PAUSE", b"UNBLOCK"})
# Blocking commands, and where their timeout stands: the number of the argument, from the end if negative.
_BLOCKING = {
    "BLPOP": -1,
    "BRPOP": -1,
    "BRPOPLPUSH": -1,
    "BLMOVE": -1,
    "BZPOPMIN": -1,
    "BZPOPMAX": -1,
    "BLMPOP": 1,
    "BZMPOP": 1,
}
# What counts as a short timeout, which is waited for; and how late its end may come. In seconds.
_SHORT = 2.0
_LATE = 1.0
_PIECE = 65536
_MOST_BYTES_ALONE = 240
_MOST_ROUNDS = 10_000


class HasAddress(Protocol):
    """Any server that can be reached."""

    @property
    def port(self) -> int | None:
        """Its TCP port on 127.0.0.1."""

    @property
    def socket_path(self) -> Path | None:
        """Its Unix socket."""


def address_of(server: HasAddress | Path | tuple[str, int]) -> Address:
    """Where to reach `server`: its Unix socket if it has one, else its port on 127.0.0.1."""
    if isinstance(server, Path | tuple):
        return server
    if server.socket_path is not None:
        return server.socket_path
    if server.port is None:
        raise ValueError("the server has neither a Unix socket nor a port")
    return "127.0.0.1", server.port


@dataclass(frozen=True, slots=True)
class Frame:
    """One reply: its bytes, and what they mean (`grader.resp.Reader`, the null array as NULL_ARRAY)."""

    raw: bytes
    value: Any


@dataclass(slots=True)
class Answer:
    """What followed one step.

    `frames` came over the step's own connection, `elsewhere` over others (by their number). `end` says what
    happened instead of a further reply: nothing (""), "silent" after `waited` seconds, "closed", "invalid" (with
    `problem`, a sentence) or "unreachable". `rest` are bytes that became no reply.
    """

    frames: list[Frame] = field(default_factory=list)
    elsewhere: dict[int, list[Frame]] = field(default_factory=dict)
    end: str = ""
    problem: str = ""
    rest: bytes = b""
    waited: float = 0.0
    witness: Any = None

    @property
    def raw(self) -> bytes:
        """All bytes that came over the step's own connection."""
        return b"".join(frame.raw for frame in self.frames) + self.rest


@dataclass(slots=True)
class Play:
    """The answers to the steps of a script, in their order; fewer than steps if the server failed on the way."""

    script: Script
    answers: list[Answer]


class _Line:
    """One connection: bytes out, replies in."""

    def __init__(self, address: Address, timeout: float) -> None:
        self.timeout = timeout
        family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
        self._socket = socket.socket(family)
        self._socket.settimeout(max(timeout, 1.0))
        try:
            self._socket.connect(str(address) if isinstance(address, Path) else address)
        except OSError:
            self._socket.close()
            raise
        if family == socket.AF_INET:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = Reader(null_array=NULL_ARRAY)
        self._bytes = b""
        self._base = 0
        self.frames: list[Frame] = []
        self.end = ""
        self.problem = ""

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send it, unless the other side has hung up; what has come by then can still be read."""
        if self.end:
            return
        try:
            self._socket.settimeout(self.timeout)
            self._socket.sendall(data)
        except TimeoutError:
            self.end = "silent"
        except OSError:
            self._receive(0)
            self.end = self.end or "closed"

    def wait(self, count: int, timeout: float | None = None) -> bool:
        """Read until there are `count` frames; False if the server hangs up or nothing comes for `timeout` s."""
        patience = self.timeout if timeout is None else timeout
        while len(self.frames) < count and not self.end:
            if not self._receive(patience):
                return False
        return len(self.frames) >= count

    def drain(self) -> None:
        """Read what is there."""
        while not self.end and self._receive(0):
            pass

    def take(self, count: int | None = None) -> list[Frame]:
        """The first `count` frames, or all of them; they are forgotten here."""
        taken, self.frames = self.frames[:count], [] if count is None else self.frames[count:]
        return taken

    @property
    def rest(self) -> bytes:
        """The bytes behind the last frame."""
        return self._bytes[self._reader.offset - self._base :] if not self.problem else self._bytes

    def _receive(self, patience: float) -> bool:
        """Take what comes within `patience` seconds; False where nothing came, or the end."""
        self._socket.settimeout(patience)
        try:
            data = self._socket.recv(_PIECE)
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            data = b""
        if not data:
            self.end = "closed"
            return False
        self._take(data)
        return not self.end

    def _take(self, data: bytes) -> None:
        reader = self._reader
        reader.feed(data)
        whole = self._bytes + data
        position = reader.offset - self._base
        try:
            while (value := reader.read()) is not INCOMPLETE:
                end = reader.offset - self._base
                self.frames.append(Frame(whole[position:end], value))
                position = end
        except ProtocolError as error:
            self.end, self.problem = "invalid", error.message
        self._bytes = whole[position:]
        self._base += position


def is_plain(script: Script) -> bool:
    """Whether every command gets one reply, on its own connection."""
    return not any(_is_special(step) for step in script)


def _is_special(step: Step) -> bool:
    name = step.name
    if step.raw or not step.args or name in _NOT_PLAIN or name in _BLOCKING:
        return True
    if name == "CLIENT" and len(step.args) > 1:
        return step.args[1].upper() in _NOT_PLAIN_CLIENT
    return name in ("XREAD", "XREADGROUP") and any(arg.upper() == b"BLOCK" for arg in step.args)


def _patience(step: Step) -> float:
    """How long a blocking command waits by itself, in seconds; 0 for one that waits for others, or not at all."""
    try:
        if (place := _BLOCKING.get(step.name)) is not None:
            seconds = float(step.args[place])
        else:
            upper = [arg.upper() for arg in step.args]
            seconds = float(step.args[upper.index(b"BLOCK") + 1]) / 1000
    except (ValueError, IndexError):
        return 0.0
    return seconds if 0 < seconds <= _SHORT else 0.0


_FLUSH = encode_command("FLUSHALL")
_PING = encode_command("PING")


class Player:
    """Plays scripts on one server. Connections are kept from script to script where nothing can tell.

    `timeout` is how long a server may send nothing, in seconds, before it counts as silent.
    """

    def __init__(self, server: HasAddress | Address, timeout: float = 1.0) -> None:
        self._address = address_of(server)
        self.timeout = timeout
        self._lines: dict[int, _Line] = {}
        self._control: _Line | None = None
        self._serves_others = True

    def __enter__(self) -> Player:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._forget_lines()
        if self._control is not None:
            self._control.close()
            self._control = None

    def play(
        self,
        script: Script,
        *,
        together: bool = True,
        byte_by_byte: bool = False,
        cut: int | None = None,
        flush: bool = False,
        witnesses: dict[int, Step] | None = None,
        like: Play | None = None,
    ) -> Play:
        """Send the script and collect the answers.

        Args:
            script: what to send.
            together: consecutive steps of one connection in one piece, where the script is plain.
            byte_by_byte: every byte by itself.
            cut: send this many bytes of the whole, wait until they were read, then the rest.
            flush: FLUSHALL before, over the same connection.
            witnesses: commands to send just before the steps of these numbers; their replies go with the
                answers to those steps.
            like: what another server answered: for a script that is not plain, how many replies to wait for.
        """
        try:
            self._open(script)
            if flush:
                self._lines[0].send(_FLUSH)
                self._lines[0].wait(1)
                if not self._lines[0].take(1):
                    return Play(script, [self._ended(self._lines[0], Answer())])
            if is_plain(script):
                play = self._plain(script, together, byte_by_byte, cut, witnesses or {})
            else:
                play = self._followed(script, byte_by_byte, like)
        except OSError as error:
            self._forget_lines()
            return Play(script, [Answer(end="unreachable", problem=error.strerror or str(error))])
        # A reply that did not come in time may still come: it must not be taken for the reply to another command.
        failed = any(line.end or line.frames or line.rest for line in self._lines.values()) or any(
            answer.end for answer in play.answers
        )
        if failed or any(step.name in _LEAVES_A_TRACE or step.raw for step in script) or not is_plain(script):
            self._forget_lines()
            if not is_plain(script) and not failed:
                self._settle()
        return play

    def _open(self, script: Script) -> None:
        for number in range(script.connections):
            line = self._lines.get(number)
            if line is not None:
                line.drain()
                if not line.end and not line.frames and not line.rest:
                    line.timeout = self.timeout
                    continue
                line.close()
            self._lines[number] = _Line(self._address, self.timeout)

    def _forget_lines(self) -> None:
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def _settle(self) -> bool:
        """Wait until everything that was sent so far has had its effect; False if the server does not answer."""
        if self._control is None or self._control.end:
            if self._control is not None:
                self._control.close()
            self._control = _Line(self._address, self.timeout)
        for _ in range(2):
            self._control.send(_PING)
            if not self._control.wait(1):
                self._control.end = self._control.end or "silent"
                return False
            self._control.take()
        return True

    def _let_read(self) -> None:
        """See to it that what was sent has been read; a server that serves one client at a time is not asked again."""
        self._serves_others = self._serves_others and self._settle()

    def _ended(self, line: _Line, answer: Answer) -> Answer:
        answer.end = line.end or "silent"
        answer.problem, answer.rest, answer.waited = line.problem, line.rest, line.timeout
        return answer

    # Plain scripts

    def _plain(
        self, script: Script, together: bool, byte_by_byte: bool, cut: int | None, witnesses: dict[int, Step]
    ) -> Play:
        play = Play(script, [])
        place = 0
        while place < len(script.steps):
            group = self._group(script.steps, place, together or cut is not None)
            line = self._lines[group[0].connection]
            if group[0].pause:
                time.sleep(group[0].pause)
            if group[0].walk:
                answers = [self._walked(line, group[0])]
            else:
                seen = {
                    number - place: step for number, step in witnesses.items() if place <= number < place + len(group)
                }
                answers = self._exchange(line, group, byte_by_byte, cut, seen)
                if cut is not None:
                    cut = max(cut - sum(len(step.encoded()) for step in group), 0) or None
            place += len(group)
            play.answers += answers
            if answers[-1].end:
                break
            self._note_elsewhere(group[0].connection, answers[-1])
        return play

    def _group(self, steps: Sequence[Step], place: int, together: bool) -> Sequence[Step]:
        """The steps from `place` on that go in one piece."""
        end = place + 1
        if together and not steps[place].walk:
            while (
                end < len(steps)
                and steps[end].connection == steps[place].connection
                and not steps[end].pause
                and not steps[end].walk
            ):
                end += 1
        return steps[place:end]

    def _exchange(
        self, line: _Line, steps: Sequence[Step], byte_by_byte: bool, cut: int | None, seen: dict[int, Step]
    ) -> list[Answer]:
        """Send the steps in one piece, or in the pieces asked for; one reply each, the last with what is too much."""
        pieces: list[bytes] = []
        for number, step in enumerate(steps):
            if number in seen:
                pieces.append(seen[number].encoded())
            pieces.append(step.encoded())
        self._send(line, b"".join(pieces), byte_by_byte, cut)
        complete = line.wait(len(pieces))
        if line.rest:
            line.wait(len(pieces) + 1)
        frames = iter(line.take())
        answers: list[Answer] = []
        for number in range(len(steps)):
            witness = next(frames, None) if number in seen else None
            frame = next(frames, None)
            if frame is None:
                break
            answers.append(Answer([frame], witness=None if witness is None else witness.value))
        if not complete:
            answers.append(self._ended(line, Answer()))
        else:
            answers[-1].frames += frames
            if line.end == "invalid" or line.rest:
                self._ended(line, answers[-1])
        return answers

    def _send(self, line: _Line, data: bytes, byte_by_byte: bool, cut: int | None) -> None:
        if cut is not None and 0 < cut < len(data):
            line.send(data[:cut])
            self._let_read()
            line.send(data[cut:])
        elif byte_by_byte:
            for place in range(len(data)):
                line.send(data[place : place + 1])
                if place < _MOST_BYTES_ALONE:
                    self._let_read()
        else:
            line.send(data)

    def _walked(self, line: _Line, step: Step) -> Answer:
        """Follow the cursor from reply to reply; all that came, once, in one reply with the cursor 0."""
        place = 2 if step.name in ("SSCAN", "HSCAN", "ZSCAN") else 1
        width = 2 if step.name in ("HSCAN", "ZSCAN") and not any(a.upper() == b"NOVALUES" for a in step.args) else 1
        found: dict[tuple[bytes, ...], None] = {}
        args = list(step.args)
        for _ in range(_MOST_ROUNDS):
            line.send(encode_command(*args))
            if not line.wait(1):
                return self._ended(line, Answer())
            frames = line.take()
            match frames[0].value:
                case [bytes(cursor), list(items)] if len(frames) == 1 and all(isinstance(i, bytes) for i in items):
                    found.update(dict.fromkeys(zip(*[iter(items)] * width, strict=False)))
                    args[place] = cursor
                    if cursor == b"0":
                        flat = [item for group in sorted(found) for item in group]
                        reply = [b"0", flat]
                        return Answer([Frame(encode_reply(reply), reply)])
                case _:
                    return Answer(frames)
        return Answer(end="endless", problem=f"the walk has not ended after {_MOST_ROUNDS} steps")

    def _note_elsewhere(self, own: int, answer: Answer) -> None:
        """What has come over other connections meanwhile, where nothing should."""
        if len(self._lines) == 1:
            return
        for number, line in self._lines.items():
            if number != own:
                line.drain()
                if line.frames:
                    answer.elsewhere[number] = line.take()

    # All others

    def _followed(self, script: Script, byte_by_byte: bool, like: Play | None) -> Play:
        """Each step until it has had its whole effect on every connection."""
        play = Play(script, [])
        waiting: set[int] = set()
        for number, step in enumerate(script):
            line = self._lines[step.connection]
            if step.pause:
                time.sleep(step.pause)
            answer = Answer()
            play.answers.append(answer)
            if line.end:
                answer.end = line.end
                continue
            self._send(line, step.encoded(), byte_by_byte, None)
            model = like.answers[number] if like is not None and number < len(like.answers) else None
            if model is not None:
                for other, count in ((step.connection, len(model.frames)), *_counts(model.elsewhere)):
                    self._lines[other].wait(count, self.timeout + _patience(step))
            elif step.connection not in waiting and (patience := _patience(step)):
                line.wait(1, patience + _LATE)
            steady = self._settle()
            for other, each in self._lines.items():
                each.drain()
                if each.rest and not each.end:
                    each.wait(len(each.frames) + 1)
                if other == step.connection:
                    answer.frames = each.take()
                elif each.frames:
                    answer.elsewhere[other] = each.take()
            # A client that waits answers nothing further until it is served.
            waiting = (waiting | {step.connection}) - {n for n, count in _seen(answer, step) if count}
            if line.end or line.rest:
                self._ended(line, answer)
            elif not steady:
                answer.end, answer.waited = "blocked", self.timeout
            if model is None:
                continue
            if answer.end and answer.end != model.end:
                return play
            if len(answer.frames) < len(model.frames):
                self._ended(line, answer)
                return play
        return play


def _seen(answer: Answer, step: Step) -> list[tuple[int, int]]:
    return [(step.connection, len(answer.frames)), *_counts(answer.elsewhere)]


def _counts(frames: dict[int, list[Frame]]) -> list[tuple[int, int]]:
    return [(number, len(each)) for number, each in frames.items()]
