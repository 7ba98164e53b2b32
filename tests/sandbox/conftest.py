"""A sandbox, attacked both ways in: a cold start, and a worker forked from a process that is ready.

Run as root these tests try the sandbox of root; `test_an_ordinary_user.py` then runs them again as another user.
"""

import contextlib
import json
import os
import socket
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from available import lacking

from grader.marking.sandbox import Held, Limits, Sandbox, SandboxMissing, WarmWorkers, choose
from grader.marking.sandbox.limits import MB

INSIDE = Path(__file__).parent / "inside"
TIGHT = Limits(
    cpu=1,
    wall=20,
    memory=128 * MB,
    processes=24,
    file=MB,
    scratch=4 * MB,
    inodes=64,
    open_files=64,
    output=100_000,
    kept=4000,
)


class Namespace:
    """A process namespace that cannot be mistaken for a later one: while it is held open its number stays its own."""

    def __init__(self, pid: int | None) -> None:
        self._open = None
        with contextlib.suppress(OSError):
            self.number = Path(f"/proc/{pid}/ns/pid").stat().st_ino
            if self.number != Path("/proc/self/ns/pid").stat().st_ino:
                self._open = os.open(f"/proc/{pid}/ns/pid", os.O_RDONLY)

    def members(self) -> list[int]:
        """The processes in it that live."""
        found = []
        for each in Path("/proc").iterdir() if self._open is not None else ():
            with contextlib.suppress(OSError):
                if each.name.isdigit() and (each / "ns/pid").stat().st_ino == self.number and not _dead(each):
                    found.append(int(each.name))
        return found

    def close(self) -> None:
        """Let it go."""
        if self._open is not None:
            os.close(self._open)
            self._open = None


@dataclass
class Attack:
    """A program in a sandbox, and this end of its channel."""

    held: Held
    channel: socket.socket
    lines: BinaryIO
    namespace: Namespace

    def told(self) -> Any:
        """The next thing it tells; None when it has hung up instead."""
        line = self.lines.readline()
        return json.loads(line) if line else None

    def members(self) -> list[int]:
        """The processes in it, or below."""
        return self.namespace.members()


Start = Callable[..., Attack]


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """bubblewrap."""
    return need("bubblewrap")


def need(kind: str) -> Sandbox:
    """The sandbox of a kind, or a skip that says why."""
    try:
        return choose(kind)
    except SandboxMissing as missing:
        lacking("sandbox", str(missing))


@pytest.fixture(scope="session")
def workers(sandbox: Sandbox) -> Iterator[WarmWorkers]:
    """Warm workers with tight limits."""
    with WarmWorkers(sandbox, TIGHT, {INSIDE: "/attacks"}, entry="attacker:main", path=["/attacks"]) as started:
        if not started.warm:
            lacking("sandbox", started.words)
        yield started


@pytest.fixture(params=["cold", "warm"])
def start(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Start]:
    """`start(code)` runs Python in a sandbox with tight limits; afterwards nothing of it may be left."""
    way = request.param
    workers: WarmWorkers | None = request.getfixturevalue("workers") if way == "warm" else None
    with starter(lambda channel: begin(sandbox, workers, channel)) as starts:
        yield starts


def begin(sandbox: Sandbox, workers: WarmWorkers | None, channel: socket.socket, limits: Limits = TIGHT) -> Held:
    """A worker that takes code from `channel`, warm or cold."""
    if workers is not None:
        return workers.start(channel)
    return sandbox.start(["python", "-I", "/attacks/attacker.py"], channel, limits, {INSIDE: "/attacks"})


@contextlib.contextmanager
def starter(how: Callable[[socket.socket], Held]) -> Iterator[Start]:
    """`start(code)`, and the proof that nothing stays."""
    attacks: list[Attack] = []

    def start(code: str) -> Attack:
        mine, theirs = socket.socketpair()
        mine.settimeout(30)
        with theirs:
            held = how(theirs)
        attacks.append(Attack(held, mine, mine.makefile("rb"), Namespace(held.pid)))
        mine.sendall(textwrap.dedent(code).encode() + b"\0")
        return attacks[-1]

    try:
        yield start
    finally:
        for attack in attacks:
            attack.held.kill()
            attack.lines.close()
            attack.channel.close()
    left = [attack.members() for attack in attacks]
    for attack in attacks:
        attack.namespace.close()
    assert not any(left), "processes are left"


def _dead(process: Path) -> bool:
    return (process / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
