"""A connection of plain bytes: what is sent is sent as it is, and replies come as hiredis reads them."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import hiredis
import redis

from grader.checks.soak.work import Argument, half

_READ = 1 << 18
PATIENCE = 15.0
"""Seconds that a server may take for a reply while many others want something."""


class Lost(ConnectionError):
    """The server hung up, or said nothing for `PATIENCE` seconds; the message says which."""


class Line:
    """A connection to the server at `url`; raises `Lost` when it breaks.

    Args:
        url: as redis-py takes it; without TLS.
        protocol: 2, or 3 to say HELLO 3 at first. Replies of RESP3 are told in the forms of RESP2.
    """

    def __init__(self, url: str, protocol: int = 2) -> None:
        options: dict[str, Any] = redis.ConnectionPool.from_url(url).connection_kwargs
        self._protocol = protocol
        self._reader = hiredis.Reader()
        path = options.get("path")
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        try:
            self.socket.settimeout(PATIENCE)
            self.socket.connect(path or (options.get("host", "localhost"), options.get("port", 6379)))
            if not path:
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._introduce(options)
        except BaseException:
            self.socket.close()
            raise

    def _introduce(self, options: dict[str, Any]) -> None:
        if options.get("password"):
            self._expect_ok("AUTH", *filter(None, (options.get("username"), options["password"])))
        if options.get("db"):
            self._expect_ok("SELECT", options["db"])
        if self._protocol == 3:
            self._expect_ok("HELLO", 3)

    def _expect_ok(self, *args: Argument) -> None:
        self.send(encode(args))
        reply = self.reply()
        if isinstance(reply, hiredis.ReplyError):
            raise reply

    def send(self, data: bytes) -> None:
        """Send all of it."""
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise Lost(f"the server took nothing for {PATIENCE:.0f} seconds") from None
        except OSError as error:
            raise Lost(f"the server hung up ({error.strerror or error})") from error

    def reply(self) -> Any:
        """The next reply; an error reply is returned, not raised."""
        while (reply := self._read()) is False:
            try:
                data = self.socket.recv(_READ)
            except TimeoutError:
                raise Lost(f"no reply within {PATIENCE:.0f} seconds") from None
            except OSError as error:
                raise Lost(f"the server hung up ({error.strerror or error})") from error
            if not data:
                raise Lost("the server hung up")
            self._reader.feed(data)
        return as_resp2(reply) if self._protocol == 3 else reply

    def _read(self) -> Any:
        """What has come, False when it is not a whole reply. (A reply of RESP3 that says "false" is none of ours.)"""
        try:
            return self._reader.gets()
        except hiredis.ProtocolError as error:
            raise Lost(f"what came is no RESP: {error}") from error

    def to_the_end(self) -> bytes:
        """Everything that still comes until the server hangs up."""
        came = b""
        try:
            while data := self.socket.recv(_READ):
                came += data
        except TimeoutError:
            raise Lost(f"the server did not hang up within {PATIENCE:.0f} seconds") from None
        except ConnectionResetError:
            pass  # it hung up while bytes of ours were on their way: the same end
        return came

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def encode(args: Sequence[Argument]) -> bytes:
    """A command as an array of bulk strings."""
    parts = [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]
    return b"*%d\r\n" % len(parts) + b"".join([b"$%d\r\n%b\r\n" % (len(part), part) for part in parts])


def as_resp2(reply: Any) -> Any:
    """A reply of RESP3 as RESP2 would have told it: maps flat, sets as arrays, doubles as text."""
    if isinstance(reply, dict):
        return [as_resp2(part) for pair in reply.items() for part in pair]
    if isinstance(reply, list | set):
        return [as_resp2(item) for item in reply]
    if isinstance(reply, float):
        return half(round(reply * 2)) if reply * 2 == round(reply * 2) else b"%r" % reply
    return reply
