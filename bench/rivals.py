"""Servers that are measured side by side, and redis-benchmark as the one who measures; for the other files here.

The rivals are miniredis with the parsers it has, every Redis of this machine, and fakeredis's TCP server. All are
processes of their own, reached over TCP on 127.0.0.1, and hold nothing but what the benchmark puts in. They end with
the benchmark, however it ends.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import fakeredis
import hiredis

from grader.resp import encode_command
from grader.servers import binaries, standalone
from grader.servers.keeper import Keeper
from grader.servers.miniredis import miniredis
from grader.servers.process import free_port

ROOT = Path(__file__).resolve().parents[1]
OURS, OURS_FAST, FAKE = "miniredis", "miniredis --parser split", "fakeredis"
AT = "miniredis in "  # and the folder that holds another version of it
_FAKE_SERVER = """
import sys
from fakeredis import TcpFakeServer
TcpFakeServer(("127.0.0.1", int(sys.argv[1]))).serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Rival:
    """A running server: the name it goes by in the tables, and where it is."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float | None:
        """Seconds of processor that it has used so far, in user and kernel mode; None where the system has no /proc."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int | None:
        """Bytes of memory that it has now; None where the system has no /proc."""
        try:
            pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        except FileNotFoundError:
            return None
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of redis-benchmark found: requests a second, and the server's microseconds of CPU for each."""

    rate: float
    cpu: float | None


class NoBenchmark(RuntimeError):
    """redis-benchmark is not installed."""


def names() -> list[str]:
    """Every rival that there is here: ours first, then Redis from new to old, then fakeredis."""
    found = sorted({each.version for each in binaries()}, reverse=True)
    return [OURS, OURS_FAST, *(redis_name(each) for each in found), f"{FAKE} {fakeredis.__version__}"]


def redis_name(version: tuple[int, int, int]) -> str:
    """``Redis 8.2.3``."""
    return f"Redis {'.'.join(map(str, version))}"


def newest_redis() -> str:
    """The name of the Redis that ours is measured by: the newest, whose replies it gives."""
    return redis_name(max(each.version for each in binaries()))


@contextmanager
def running(wanted: Iterable[str]) -> Iterator[list[Rival]]:
    """Start the rivals of these names; they end with the block."""
    with ExitStack() as stack:
        yield [_start(name, stack) for name in wanted]


def _start(name: str, stack: ExitStack) -> Rival:
    if name in (OURS, OURS_FAST) or name.startswith(AT):
        home = Path(name.removeprefix(AT)) if name.startswith(AT) else ROOT / "solutions"
        ours = stack.enter_context(miniredis(home, parser="split") if name == OURS_FAST else miniredis(home))
        assert ours.pid is not None
        return Rival(name, ours.port, ours.pid)
    if name.startswith(FAKE):
        return _start_fake(name, stack)
    binary = next(each for each in binaries() if redis_name(each.version) == name)
    real = stack.enter_context(standalone(binary=binary, port=0))
    assert real.port is not None and real.pid is not None
    return Rival(name, real.port, real.pid)


def _start_fake(name: str, stack: ExitStack) -> Rival:
    port = free_port()
    keeper = Keeper()
    stack.callback(keeper.close)
    with (keeper.home / "fakeredis.log").open("wb") as log:
        process = keeper.launch([sys.executable, "-c", _FAKE_SERVER, str(port)], log, keeper.home)
    stack.callback(process.wait)
    stack.callback(process.kill)
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
            return Rival(name, port, process.pid)
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.01)  # between two attempts to connect


def benchmark(rival: Rival, command: list[str], *, clients: int, pipeline: int, requests: int, keys: int) -> Load:
    """Run redis-benchmark with one command; ``__rand_int__`` in it stands for one of `keys` numbers.

    Raises:
        NoBenchmark: it is not installed.
        CalledProcessError: it gave up, for example because the server answered with an error.
    """
    tool = shutil.which("redis-benchmark")
    if tool is None:
        raise NoBenchmark("redis-benchmark is not installed (Debian and Ubuntu: apt install redis-tools).")
    requests = max(requests, clients * pipeline)
    options = ["-p", rival.port, "-c", clients, "-P", pipeline, "-n", requests, "-r", keys]
    command_line = [tool, *map(str, options), "--csv", *command]
    before = rival.cpu()
    said = subprocess.run(command_line, capture_output=True, text=True, check=True, timeout=600).stdout
    after = rival.cpu()
    rate = float(said.splitlines()[-1].split('","')[1])
    used = None if before is None or after is None else (after - before) / requests * 1e6
    return Load(rate, used)


class Talk:
    """A connection that sends commands in pipelines and insists that none is refused."""

    def __init__(self, rival: Rival) -> None:
        self._socket = socket.create_connection(("127.0.0.1", rival.port), 60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def run(self, commands: Iterable[list[object]], batch: int = 100) -> None:
        """Send them all, `batch` at a time, and read as many replies.

        Raises:
            ReplyError: a command was refused.
        """
        reader = hiredis.Reader()
        waiting, wire = 0, []
        for command in commands:
            wire.append(encode_command(*map(str, command)))
            waiting += 1
            if waiting == batch:
                self._exchange(b"".join(wire), waiting, reader)
                waiting, wire = 0, []
        if waiting:
            self._exchange(b"".join(wire), waiting, reader)

    def _exchange(self, data: bytes, replies: int, reader: hiredis.Reader) -> None:
        self._socket.sendall(data)
        while replies:
            reply = reader.gets()
            if reply is False:
                reader.feed(self._socket.recv(1 << 18))
                continue
            if isinstance(reply, Exception):
                raise reply
            replies -= 1
