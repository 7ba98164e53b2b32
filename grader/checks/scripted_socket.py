"""A connection whose other end is the check: it answers commands as told, in pieces as told, and sees how it is read.

Handed to an answer that talks over a plain socket. There is no thread and no clock in it: the replies are made
while the answer sends, and a read that would wait for ever is a finding at once.
"""

from __future__ import annotations

import errno
import socket
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from grader.checks.chance import chance
from grader.checks.verdict import Broken
from grader.resp import INCOMPLETE, ProtocolError, Reader

Command = tuple[bytes, ...]
Piece = bytes | OSError
Cut = Callable[[Sequence[bytes]], Iterable[Piece]]

_MOST = 16384
_EMPTY_READS = 3


def one_by_one(replies: Sequence[bytes]) -> list[Piece]:
    """Each reply arrives as a piece of its own."""
    return list(replies)


def together(replies: Sequence[bytes]) -> list[Piece]:
    """All replies arrive as one piece."""
    return [b"".join(replies)]


def single_bytes(replies: Sequence[bytes]) -> list[Piece]:
    """Every byte arrives alone."""
    return [bytes([b]) for b in b"".join(replies)]


def anyhow(seed: int) -> Cut:
    """Pieces of 1 to 12 bytes, the same ones for the same seed."""
    dice = chance(seed)

    def cut(replies: Sequence[bytes]) -> list[Piece]:
        data, pieces = b"".join(replies), list[Piece]()
        while data:
            size = dice.randint(1, 12)
            pieces.append(data[:size])
            data = data[size:]
        return pieces

    return cut


def then(cut: Cut, size: int, *rest: Piece) -> Cut:
    """As `cut`, but after `size` bytes come the pieces `rest`, then what is left; ``b""`` hangs up for good."""

    def cut_and_break(replies: Sequence[bytes]) -> list[Piece]:
        data = b"".join(replies)
        return [*(cut([data[:size]]) if size else []), *rest, *([data[size:]] if data[size:] else [])]

    return cut_and_break


class ScriptedSocket(socket.socket):
    """The answer's end of the connection.

    `commands` holds what arrived; `sends` and `reads` count the calls that moved bytes. What the answer does wrong
    is raised out of its own call as `Broken`, and kept in `fault` in case the answer catches it.
    """

    commands: list[Command]
    sends: int
    reads: int
    fault: Broken | None

    @classmethod
    def open(
        cls,
        reply: Callable[[Command], bytes],
        cut: Cut = together,
        *,
        expects: int = 0,
        early: str | None = None,
        past: str | None = None,
        spins: str | None = None,
    ) -> ScriptedSocket:
        """A new connection.

        Args:
            reply: the bytes of the reply to a command.
            cut: into which pieces the replies to all commands of one send are cut.
            expects: how many commands must have arrived before the first read.
            early: the misconception of reading before that.
            past: the misconception of reading on when every reply has been read.
            spins: the misconception of reading on and on after the end of the connection.
        """
        near, far = socket.socketpair()
        line = cls(near.family, near.type, near.proto, fileno=near.detach())
        line._far, line._reply, line._cut, line._expects = far, reply, cut, expects
        line._misconceptions = {"early": early, "past": past, "spins": spins}
        line._reader, line._pieces, line._there, line._empty, line._shut = Reader(), deque(), 0, 0, False
        line.commands, line.sends, line.reads, line.fault = [], 0, 0, None
        return line

    _far: socket.socket
    _reply: Callable[[Command], bytes]
    _cut: Cut
    _expects: int
    _misconceptions: dict[str, str | None]
    _reader: Reader
    _pieces: deque[Piece]
    _there: int
    _empty: int
    _shut: bool

    def hang_up(self) -> None:
        """Let go of both ends."""
        self._far.close()
        self.close()

    @property
    def unread(self) -> int:
        """How many bytes of replies the answer has not taken."""
        return self._there + sum(len(p) for p in self._pieces if isinstance(p, bytes))

    # What an answer sends

    def sendall(self, data: Any, flags: int = 0) -> None:
        """As a socket's; never waits."""
        self._take(bytes(data))

    def send(self, data: Any, flags: int = 0) -> int:
        """As a socket's; takes everything."""
        self._take(bytes(data))
        return len(data)

    def sendmsg(self, buffers: Iterable[Any], *args: Any) -> int:
        """As a socket's; takes everything."""
        data = b"".join(bytes(b) for b in buffers)
        self._take(data)
        return len(data)

    def shutdown(self, how: int) -> None:
        """As a socket's."""
        self._shut = True
        super().shutdown(how)

    def _take(self, data: bytes) -> None:
        if self.fileno() == -1:
            raise OSError(errno.EBADF, "Bad file descriptor")
        if self._shut:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")
        if not data:
            return
        self.sends += 1
        self._reader.feed(data)
        replies = []
        while (command := self._next_command(data)) is not None:
            self.commands.append(command)
            replies.append(self._reply(command))
        if replies:
            self._pieces.extend(part for piece in self._cut(replies) for part in _small(piece))
        self._show_next()

    def _next_command(self, data: bytes) -> Command | None:
        try:
            value = self._reader.read()
        except ProtocolError as error:
            self._fault(None, "commands are sent as arrays of bulk strings", f"{data[:60]!r} was sent: {error}")
        if value is INCOMPLETE:
            return None
        if not isinstance(value, list) or not value or not all(isinstance(v, bytes) for v in value):
            self._fault(None, "commands are sent as arrays of bulk strings", f"{data[:60]!r} was sent")
        return tuple(value)

    # What an answer reads

    def recv(self, bufsize: int, flags: int = 0) -> bytes:
        """As a socket's, except that it never waits."""
        if flags & socket.MSG_WAITALL:
            parts = []
            while bufsize > 0 and (part := self.recv(bufsize, flags & ~socket.MSG_WAITALL)):
                parts.append(part)
                bufsize -= len(part)
            return b"".join(parts)
        if self.fileno() == -1 or self._shut or bufsize <= 0:
            return super().recv(bufsize, flags)
        if len(self.commands) < self._expects:
            self._fault(
                "early",
                f"all {self._expects} commands are sent before the first reply is read",
                f"it began to read when {len(self.commands)} of {self._expects} commands had been sent",
            )
        if not self._there and not self._can_read(flags):
            return b""
        data = super().recv(bufsize, flags)
        if not flags & socket.MSG_PEEK:
            self.reads += 1
            self._there -= len(data)
            self._show_next()
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """As a socket's, except that it never waits; a file made of the socket reads by it."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def _can_read(self, flags: int) -> bool:
        """Whether bytes are there; False at the end of the connection."""
        if not self._pieces:
            if self.gettimeout() == 0 or flags & getattr(socket, "MSG_DONTWAIT", 0):
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            if self._reader.buffered:
                self._fault(
                    None,
                    "every command is sent as a whole",
                    "it waits for a reply, and the last command it sent is incomplete: the server waits too",
                )
            self._fault(
                "past",
                "as many replies are read as commands were sent",
                f"it had read every reply (commands sent: {len(self.commands)}) and waited for more. "
                "A server that was asked nothing sends nothing: this would never end",
            )
        piece = self._pieces[0]
        if isinstance(piece, OSError):
            self._pieces.popleft()
            self._show_next()
            raise piece
        self._empty += 1
        if self._empty > _EMPTY_READS:
            self._fault(
                "spins",
                "ConnectionError is raised when the server closes the connection in the middle of a reply",
                f"recv gave b'' {self._empty - 1} times, which means closed, and it asked again: this would never end",
            )
        return False

    def _show_next(self) -> None:
        """Put the next piece into the connection when the one before was read to its end."""
        if not self._there and self._pieces and isinstance(self._pieces[0], bytes) and self._pieces[0]:
            piece = self._pieces.popleft()
            assert isinstance(piece, bytes)
            self._far.sendall(piece)
            self._there = len(piece)

    def _fault(self, kind: str | None, expected: str, happened: str) -> Any:
        self.fault = Broken(expected, happened, self._misconceptions[kind] if kind else None)
        raise self.fault


def _small(piece: Piece) -> list[Piece]:
    """A piece, cut so that the connection's buffer holds it."""
    if isinstance(piece, OSError) or len(piece) <= _MOST:
        return [piece]
    return [piece[i : i + _MOST] for i in range(0, len(piece), _MOST)]
