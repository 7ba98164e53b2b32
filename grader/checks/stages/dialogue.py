"""Conversations of several clients with a server, for what scripts cannot show: who is told what, and when.

A probe says who says what; the same is said to a real Redis, and what every client hears is compared, with what belongs
to one process alone (times, addresses, numbers of clients) made equal first.
"""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Sequence

from grader.checks.bytes_view import literal
from grader.checks.stages.registry import UnderTest
from grader.checks.verdict import Broken
from grader.resp import encode_command
from grader.servers import Server
from grader.wire.redis_cli import format_command

PATIENCE = 2.0
_QUIET = 0.03
_PERSONAL = (
    (re.compile(rb"\+\d{9,}\.\d{6} \[(\d+) [^\]]*\]"), rb"+TIME [\1 ADDRESS]"),
    (re.compile(rb"\$\d+\r\n127\.0\.0\.1:\d+\r\n"), b"$ADDRESS\r\n"),
    (re.compile(rb"\$\d+\r\n/\S+:0\r\n"), b"$ADDRESS\r\n"),
    (re.compile(rb":1[0-9]{9}\r\n"), b":SECONDS\r\n"),
    (re.compile(rb"\$2\r\nid\r\n:\d+\r\n"), b"$2\r\nid\r\n:NUMBER\r\n"),
    # The list of modules is the end of what HELLO says.
    (re.compile(rb"(\$7\r\nmodules\r\n)\*(?:0|1\r\n.*?args\r\n\*0)\r\n", re.DOTALL), rb"\1MODULES"),
)

# Who speaks, and the words; a line with no words only listens, for so many seconds.
Line = tuple[int, tuple[str | bytes, ...]]


class Table:
    """Some clients of one server."""

    def __init__(self, server: UnderTest | Server) -> None:
        self._server = server
        self._clients: dict[int, socket.socket] = {}

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *exc: object) -> None:
        for client in self._clients.values():
            client.close()

    def say(self, who: int, words: Sequence[str | bytes]) -> None:
        """Send a command as the client of that number, which connects when it speaks for the first time."""
        if who not in self._clients:
            self._clients[who] = connected(self._server)
        try:
            self._clients[who].sendall(encode_command(*words))
        except OSError:
            return  # what the other side has said before it hung up is still to be read

    def hear(self, wanted: dict[int, bytes] | None = None) -> dict[int, bytes]:
        """What each client hears: until it is `wanted`, or else until nothing comes for a while."""
        heard = dict.fromkeys(self._clients, b"")
        limit = time.monotonic() + PATIENCE
        while True:
            if wanted is not None and {who: normal(said) for who, said in heard.items()} == wanted:
                return heard
            wait = _QUIET if wanted is None else max(limit - time.monotonic(), 0)
            speaking = [who for who, said in heard.items() if not said.endswith(b"<closed>")]
            looking = select.poll()
            for who in speaking:
                looking.register(self._clients[who], select.POLLIN)
            ready = {number for number, _ in looking.poll(wait * 1000)}
            if not ready:
                return heard
            for who in speaking:
                if self._clients[who].fileno() in ready:
                    heard[who] += _received(self._clients[who])


def _received(client: socket.socket) -> bytes:
    try:
        return client.recv(1 << 20) or b"<closed>"
    except OSError:
        return b"<closed>"


def connected(server: UnderTest | Server) -> socket.socket:
    """A new connection."""
    if server.socket_path is not None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(str(server.socket_path))
        return sock
    return socket.create_connection(("127.0.0.1", server.port or 0), PATIENCE)


def normal(said: bytes) -> bytes:
    """The same bytes without what belongs to one process."""
    for pattern, name in _PERSONAL:
        said = pattern.sub(name, said)
    return said


def same_dialogue(theirs: UnderTest, real: Server, lines: Sequence[Line]) -> None:
    """Hold a conversation with both servers.

    Raises:
        Broken: at the first line after which a client hears something else.
    """
    with Table(real) as right, Table(theirs) as learners:
        said: list[str] = []
        for who, words in lines:
            right.say(who, words)
            said.append(f"client {who}> {format_command([w.encode() if isinstance(w, str) else w for w in words])}")
            wanted = {each: normal(heard) for each, heard in right.hear().items()}
            learners.say(who, words)
            got = {each: normal(heard) for each, heard in learners.hear(wanted).items()}
            for each, expected in wanted.items():
                if got[each] != expected:
                    raise Broken(
                        f"after\n{chr(10).join(said)}\nclient {each} hears {literal(expected)}",
                        f"it hears {literal(got[each])}" if got[each] else "it hears nothing",
                    )
