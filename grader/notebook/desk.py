"""Which Redis the learner's desk uses, and how it is doing; for `course learn` and `course redis status`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grader.servers import (
    GivenServer,
    LocalServer,
    NoRedisFound,
    PortBusy,
    Server,
    ServerError,
    announced,
    background_status,
    binaries,
    compose_up,
    free_ports,
)


@dataclass(frozen=True, slots=True)
class DeskRedis:
    """The Redis a desk uses: `url` for programs, `shown` without its password, `version` as text."""

    url: str
    shown: str
    version: str
    tend: Callable[[], bool] = lambda: False
    """Start a local one again at the same address if it has ended (somebody tried SHUTDOWN); whether it did.
    What it held is gone. Does nothing for a Redis that is somebody else's."""


@contextmanager
def learners_redis(folder: Path, wanted: str | None = None) -> Iterator[DeskRedis]:
    """The Redis to learn on, while the block runs: a URL's, Docker's, one that runs already, else one of our own.

    Args:
        folder: the course folder.
        wanted: a URL, ``"docker"``, or None for ``REDIS_URL`` and then a local one.

    Raises:
        ServerError: with what was tried and what to do.
    """
    if wanted == "docker":
        yield _described(GivenServer(compose_up(folder), "docker compose"))
        return
    named = wanted or os.environ.get("REDIS_URL")
    if named:
        yield _described(GivenServer(named, "--redis" if wanted else "REDIS_URL"))
        return
    local = _Local(folder)
    try:
        yield _described(local.open(), local.tend)
    finally:
        local.close()


class _Local:
    """A Redis on this machine: the one that runs for the course already, else one of our own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._own: LocalServer | None = None
        self._port = 0
        self._stack = ExitStack()

    def open(self) -> Server:
        running = background_status(self._folder)
        if running is not None:
            self._port = running.port
            return GivenServer(running.url, "`course redis start` or another `course learn`")
        for port in free_ports():
            with suppress(PortBusy):  # another program was faster
                return self._start(port)
        raise PortBusy("Every usual port of Redis is taken.", "Redis needs one.", "Give a Redis with --redis URL.")

    def _start(self, port: int) -> LocalServer:
        self._own = LocalServer(port=port)
        self._port = port
        self._stack.callback(self._own.close)
        self._stack.enter_context(announced(self._folder, self._own.url))
        return self._own

    def tend(self) -> bool:
        if self._own is not None and self._own.running:
            return False
        self.close()
        if background_status(self._folder) is not None:
            return False
        with suppress(PortBusy):  # another `course learn` of this folder is just doing the same
            self._start(self._port)
        return self._own is not None

    def close(self) -> None:
        self._own = None
        self._stack.close()


def _described(server: Server, tend: Callable[[], bool] = lambda: False) -> DeskRedis:
    return DeskRedis(server.url, without_password(server.url), ".".join(map(str, server.version)), tend)


def without_password(url: str) -> str:
    """``redis://:secret@host:1/0`` as ``host:1``."""
    return url.partition("://")[2].rpartition("@")[2].removesuffix("/0")


@dataclass(frozen=True, slots=True)
class Status:
    """Which Redis would be used: `origin` says why that one, `trouble` why it does not answer."""

    origin: str
    address: str
    version: str
    answers: bool
    trouble: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)

    def sentence(self) -> str:
        """For a person."""
        if self.answers:
            return f"Redis {self.version} answers at {self.address} ({self.origin})."
        return self.trouble


def status(folder: Path) -> Status:
    """Look which Redis would be used now; starts nothing."""
    named, origin = os.environ.get("REDIS_URL"), "REDIS_URL"
    running = None if named else background_status(folder)
    if running is not None:
        named, origin = running.url, "started by the course"
    if named:
        try:
            # Asks it: a process that is there may yet not answer.
            found = GivenServer(named, origin if running is None else "`course redis start`")
        except ServerError as error:
            return Status(origin, without_password(named), "", False, str(error))
        return Status(origin, without_password(named), ".".join(map(str, found.version)), True)
    try:
        best = binaries()[0]
    except (NoRedisFound, IndexError):
        return Status("", "", "", False, "No Redis runs, and there is no redis-server to start. Try `course doctor`.")
    version = ".".join(map(str, best.version))
    return Status(
        "", "", version, False, f"No Redis runs. `course redis start` starts version {version} ({best.source})."
    )
