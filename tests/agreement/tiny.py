"""A tiny Redis in a thread, right in the eight commands it has; the tests make it wrong in one place each."""

from __future__ import annotations

import selectors
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.resp import INCOMPLETE, ProtocolError, Reader

KNOWN = frozenset({"PING", "SET", "GET", "APPEND", "STRLEN", "DEL", "EXISTS", "TYPE", "FLUSHALL"})
ARITY = {"PING": -1, "SET": -3, "GET": 2, "APPEND": 3, "STRLEN": 2, "DEL": -2, "EXISTS": -2, "TYPE": 2, "FLUSHALL": -1}


def bulk(data: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(data), data)


class Hangup(Exception):
    """Close the connection instead of answering."""


class Tiny:
    """Bytes in, bytes out; override what shall be wrong."""

    def __init__(self) -> None:
        self.data: dict[bytes, bytes] = {}
        self.buffers: dict[int, bytes] = {}

    def received(self, client: int, data: bytes) -> bytes:
        """What to send for the bytes of one recv."""
        data = self.buffers.pop(client, b"") + data
        sent = b""
        while data:
            if data[:1] != b"*":
                line, end, rest = data.partition(b"\n")
                if not end:
                    break
                data, args = rest, line.split()
            else:
                reader = Reader()
                reader.feed(data)
                if (args := reader.read()) is INCOMPLETE:
                    break
                data = data[reader.offset :]
            if args:
                sent += self.answer(args)
        self.buffers[client] = data
        return sent

    def answer(self, args: list[bytes]) -> bytes:
        name = self.name(args[0])
        arity = ARITY.get(name)
        if arity is None:
            shown = b"".join(b"'%b' " % arg for arg in args[1:])
            return b"-ERR unknown command '%b', with args beginning with: %b\r\n" % (args[0], shown)
        if len(args) != arity if arity > 0 else len(args) < -arity or (name == "PING" and len(args) > 2):
            return b"-ERR wrong number of arguments for '%b' command\r\n" % name.lower().encode()
        if name == "SET" and len(args) > 3:
            return b"-ERR syntax error\r\n"
        if name == "FLUSHALL" and len(args) > 1:
            return b"-ERR syntax error\r\n"
        reply: bytes = getattr(self, name.lower())(*args[1:])
        return reply

    def name(self, word: bytes) -> str:
        return word.decode("latin-1").upper()

    def ping(self, *said: bytes) -> bytes:
        return bulk(said[0]) if said else b"+PONG\r\n"

    def set(self, key: bytes, value: bytes) -> bytes:
        self.data[key] = value
        return b"+OK\r\n"

    def get(self, key: bytes) -> bytes:
        return bulk(self.data[key]) if key in self.data else b"$-1\r\n"

    def append(self, key: bytes, value: bytes) -> bytes:
        self.data[key] = self.data.get(key, b"") + value
        return b":%d\r\n" % len(self.data[key])

    def strlen(self, key: bytes) -> bytes:
        return b":%d\r\n" % len(self.data.get(key, b""))

    def delete(self, *keys: bytes) -> bytes:
        return b":%d\r\n" % sum(self.data.pop(key, None) is not None for key in keys)

    def exists(self, *keys: bytes) -> bytes:
        return b":%d\r\n" % sum(key in self.data for key in keys)

    def type(self, key: bytes) -> bytes:
        return b"+string\r\n" if key in self.data else b"+none\r\n"

    def flushall(self, *how: bytes) -> bytes:
        self.data.clear()
        return b"+OK\r\n"

    def __getattr__(self, name: str) -> Callable[..., bytes]:
        if name == "del":
            return self.delete
        raise AttributeError(name)


@contextmanager
def running(tiny: Tiny) -> Iterator[Path]:
    """Serve `tiny` on a Unix socket, one thread for all clients."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(64)
        stop, stopper = socket.socketpair()
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(stop, selectors.EVENT_READ)
            thread = threading.Thread(target=_serve, args=(selector, listener, stop, tiny), daemon=True)
            thread.start()
            try:
                yield path
            finally:
                stopper.send(b"x")
                thread.join(10)
                for each in (listener, stop, stopper):
                    each.close()


def _serve(selector: selectors.BaseSelector, listener: socket.socket, stop: socket.socket, tiny: Tiny) -> None:
    clients: list[socket.socket] = []
    while True:
        for event, _ in selector.select():
            ready = event.fileobj
            if ready is stop:
                for client in clients:
                    client.close()
                return
            if ready is listener:
                client, _ = listener.accept()
                clients.append(client)
                selector.register(client, selectors.EVENT_READ)
                continue
            assert isinstance(ready, socket.socket)
            if not _answered(ready, tiny):
                tiny.buffers.pop(ready.fileno(), None)
                selector.unregister(ready)
                clients.remove(ready)
                ready.close()


def _answered(client: socket.socket, tiny: Tiny) -> bool:
    """Whether the client stays."""
    try:
        data = client.recv(65536)
        if data and (sent := tiny.received(client.fileno(), data)):
            client.sendall(sent)
    except (Hangup, ProtocolError, OSError):
        return False
    return bool(data)
