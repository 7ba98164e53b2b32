"""Which Redis the learner's desk uses, and how it is doing; for `course learn` and `course redis status`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
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
        yield _given(compose_up(folder), "docker compose")
        return
    named = wanted or os.environ.get("REDIS_URL")
    if named:
        yield _given(named, "--redis" if wanted else "REDIS_URL")
        return
    running = background_status(folder)
    if running is not None:
        yield _given(running.url, "`course redis start`")
        return
    server = _own()
    try:
        with announced(folder, server.url):
            yield _described(server)
    finally:
        server.close()


def _own() -> LocalServer:
    for port in free_ports():
        try:
            return LocalServer(port=port)
        except PortBusy:
            continue  # another program was faster
    raise PortBusy("Every usual port of Redis is taken.", "Redis needs one.", "Give a Redis with --redis URL.")


def _given(url: str, origin: str) -> DeskRedis:
    return _described(GivenServer(url, origin))


def _described(server: Server) -> DeskRedis:
    return DeskRedis(server.url, without_password(server.url), ".".join(map(str, server.version)))


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
    named = os.environ.get("REDIS_URL")
    if named:
        try:
            found = GivenServer(named, "REDIS_URL")
        except ServerError as error:
            return Status("REDIS_URL", without_password(named), "", False, str(error))
        return Status("REDIS_URL", without_password(named), ".".join(map(str, found.version)), True)
    running = background_status(folder)
    if running is not None:
        return Status("started by the course", without_password(running.url), running.version, True)
    try:
        best = binaries()[0]
    except (NoRedisFound, IndexError):
        return Status("", "", "", False, "No Redis runs, and there is no redis-server to start. Try `course doctor`.")
    version = ".".join(map(str, best.version))
    return Status(
        "", "", version, False, f"No Redis runs. `course redis start` starts version {version} ({best.source})."
    )
