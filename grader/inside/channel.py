"""Frames of JSON over a socket between the grader and one worker, read by whichever thread is waiting.

Each frame is four bytes of length (big-endian) and so many bytes of JSON, an object. Both ends have several threads (a
race runs two copies of an answer at once). There is no thread just for reading: of those who wait for an answer one
reads, hands the others' messages to them, and passes the reading on when its own has come. A single thread, which is
nearly always the case, so never waits for another one to be scheduled.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]

MOST_BYTES = 32_000_000
_LENGTH = struct.Struct(">I")
# How long one look for a message takes, so that an exception raised into a waiting thread is noticed.
_LOOK_SECONDS = 0.05


class Gone(Exception):
    """The other end has closed the channel, or died."""


class Garbage(Exception):
    """What arrived is no frame of JSON."""


class Inbox:
    """The messages for one who waits."""

    def __init__(self) -> None:
        self.messages: deque[Message] = deque()


class Channel:
    """One end.

    Args:
        sock: a connected stream socket, blocking.
        route: says whose a message is; None drops it. It is called while other messages wait, so it must be quick.
    """

    def __init__(self, sock: socket.socket, route: Callable[[Message], Inbox | None]) -> None:
        self._sock = sock
        self._ready = select.poll()
        self._ready.register(sock, select.POLLIN)
        self._route = route
        self._held = bytearray()
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._news = threading.Condition()
        self._end: Exception | None = None
        self.most_bytes = MOST_BYTES

    def send(self, message: Message) -> None:
        """Send one message.

        Raises:
            Gone: when nobody is there to read it.
        """
        data = json.dumps(message, separators=(",", ":")).encode("ascii")
        with self._writing:
            try:
                self._sock.sendall(_LENGTH.pack(len(data)) + data)
            except OSError as error:
                raise Gone(str(error)) from None

    def wait(self, inbox: Inbox, seconds: float | None = None) -> Message | None:
        """The next message for `inbox`; None when none has come after `seconds`.

        Raises:
            Gone, Garbage: when no more can come; for everybody who waits.
        """
        left = seconds
        while True:
            if inbox.messages:
                return inbox.messages.popleft()
            if self._end is not None:
                raise self._end
            if left is not None and left <= 0:
                return None
            look = _LOOK_SECONDS if left is None else min(left, _LOOK_SECONDS)
            if self._reading.acquire(blocking=False):
                try:
                    if not inbox.messages:
                        came = self._read(look)
                        left = left if left is None or came else left - look
                finally:
                    self._reading.release()
                    with self._news:
                        self._news.notify_all()
            else:
                with self._news:
                    if not inbox.messages and self._reading.locked() and not self._news.wait(look):
                        left = None if left is None else left - look

    def _read(self, seconds: float) -> bool:
        """Read what is there into the inboxes; False if nothing came in time."""
        if not self._deal():
            if not self._ready.poll(max(1, round(seconds * 1000))):
                return False
            try:
                data = self._sock.recv(1 << 18)
            except OSError as error:
                data = b""
                self._end = Gone(str(error))
            if not data:
                self._end = self._end or Gone("closed")
                return True
            self._held += data
            self._deal()
        return True

    def _deal(self) -> bool:
        """Hand out the whole frames among the bytes held; False if there is none."""
        any_whole = False
        at = 0
        while len(self._held) - at >= 4:
            (size,) = _LENGTH.unpack_from(self._held, at)
            if size > self.most_bytes:
                self._end = Garbage(f"a message of {size:,} bytes")
                return True
            if len(self._held) - at - 4 < size:
                break
            text = bytes(self._held[at + 4 : at + 4 + size])
            at += 4 + size
            any_whole = True
            try:
                message = json.loads(text)
                if not isinstance(message, dict):
                    raise ValueError("no object")
                inbox = self._route(message)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                self._end = Garbage(f"no message: {type(error).__name__}")
                return True
            if inbox is not None:
                inbox.messages.append(message)
        if at:
            del self._held[:at]
        return any_whole

    def close(self) -> None:
        """Close this end."""
        self._end = self._end or Gone("closed here")
        self._sock.close()
