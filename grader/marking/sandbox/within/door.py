"""The way in to a server that listens on the loopback of a sandbox: a port here leads to the same port there.

A process of the grader's own: it makes its listening socket here, moves into the sandbox's network, and from then on
connects there whatever is accepted here. It never runs a learner's code and touches bytes without reading them. Nobody
is let in before the server listens, so that a connection is refused here as long as it would be there.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import sys
import time
from pathlib import Path

from . import confine

BOUND = b"."
"""Said on standard output when the port is its own."""

_LOOK = 0.002  # seconds between two looks for a listening server
_PIECE = 65536
_NOW = struct.pack("ii", 1, 0)  # for SO_LINGER: hang up with a reset


def main() -> None:
    """``door PID PORT``: until standard input ends."""
    pid, port = int(sys.argv[1]), int(sys.argv[2])
    outside = socket.socket()
    outside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    outside.bind(("127.0.0.1", port))
    confine.enter_network(pid)
    os.write(1, BOUND)
    while not _listens(port):
        if select.select([0], [], [], _LOOK)[0] or not Path(f"/proc/{pid}").exists():
            return
        time.sleep(_LOOK)  # between two looks
    outside.listen(1024)
    Door(outside, port).serve()


def _listens(port: int) -> bool:
    """Whether anybody listens on `port` in this process's network."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in Path("/proc/self/net", name).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and words[1].endswith(f":{port:04X}"):
                    return True
    return False


class _Half:
    """One direction: what was read from `source` and not yet written to `sink`."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source, self.sink = source, sink
        self.waiting = b""
        self.ended = self.closed = False


class Door:
    """Passes bytes between connections accepted on `outside` and connections of its own to `port`."""

    def __init__(self, outside: socket.socket, port: int) -> None:
        self._outside = outside
        self._port = port
        self._poll = select.epoll()
        self._pairs: dict[int, tuple[_Half, _Half]] = {}

    def serve(self) -> None:
        """Until standard input ends."""
        self._outside.setblocking(False)
        self._poll.register(self._outside, select.EPOLLIN)
        self._poll.register(0, select.EPOLLIN)
        while True:
            for number, events in self._poll.poll():
                if number == 0:
                    return
                if number == self._outside.fileno():
                    self._let_in()
                elif number in self._pairs:
                    self._pass_on(number, events)

    def _let_in(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._outside.accept()
            server = socket.socket()
            try:
                server.connect(("127.0.0.1", self._port))
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOW)
                client.close()
                server.close()
                return
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                each.setblocking(False)
            there, back = _Half(client, server), _Half(server, client)
            self._pairs[client.fileno()], self._pairs[server.fileno()] = (there, back), (back, there)
            for each in (client, server):
                self._poll.register(each, select.EPOLLIN)

    def _pass_on(self, number: int, events: int) -> None:
        reading, writing = self._pairs[number]
        try:
            if events & (select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP):
                self._write(writing)
            if events & (select.EPOLLIN | select.EPOLLERR | select.EPOLLHUP) and not reading.waiting:
                self._read(reading)
        except OSError:
            self._hang_up(reading, _NOW)
            return
        if reading.closed and writing.closed:
            self._hang_up(reading, None)
            return
        for half in (reading, writing):
            self._watch(half)

    def _read(self, half: _Half) -> None:
        if half.ended:
            return
        try:
            data = half.source.recv(_PIECE)
        except BlockingIOError:
            return
        half.waiting, half.ended = data, not data
        self._write(half)

    def _write(self, half: _Half) -> None:
        if half.waiting:
            with contextlib.suppress(BlockingIOError):
                half.waiting = half.waiting[half.sink.send(half.waiting) :]
        if half.ended and not half.waiting and not half.closed:
            half.closed = True
            with contextlib.suppress(OSError):
                half.sink.shutdown(socket.SHUT_WR)

    def _watch(self, half: _Half) -> None:
        """Look out for what both directions of `half.source` can do next."""
        outwards, inwards = self._pairs[half.source.fileno()]
        events = 0 if outwards.waiting or outwards.ended else select.EPOLLIN
        events |= select.EPOLLOUT if inwards.waiting else 0
        self._poll.modify(half.source, events)

    def _hang_up(self, half: _Half, linger: bytes | None) -> None:
        for each in (half.source, half.sink):
            self._pairs.pop(each.fileno(), None)
            with contextlib.suppress(OSError):
                self._poll.unregister(each)
                if linger is not None:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            each.close()


if __name__ == "__main__":
    os.chdir("/")
    main()
