"""Clients that nobody here wrote, at work on miniredis and on a real Redis: what passes on one has to pass on both."""

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from available import binary_of, lacking
from filelock import FileLock

from grader.servers import Server, standalone
from grader.servers.miniredis import MiniServer, miniredis

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


@pytest.fixture(params=["miniredis", "redis 8.2"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The reference, and a real Redis that proves the session."""
    if request.param == "miniredis":
        with miniredis(ROOT / "solutions", enable_debug_command="yes") as ours:
            yield ours
            # What a client never saw, the server may still have stumbled over.
            assert ours.complaint() == ""
    else:
        with standalone(binary=binary_of("8.2"), port=0, enable_debug_command="yes") as real:
            yield real


@pytest.fixture
def mini() -> Iterator[MiniServer]:
    """The reference alone."""
    with miniredis(ROOT / "solutions") as ours:
        yield ours


@pytest.fixture(scope="session")
def node_home() -> Path:
    """A folder below build/ with ioredis and node-redis installed, as package-lock.json pins them."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        lacking("node", "no node or npm on PATH (Debian: apt-get install nodejs npm)")
    lock = (HERE / "package-lock.json").read_bytes() + (HERE / "package.json").read_bytes()
    home = ROOT / "build" / f"clients-{hashlib.sha256(lock).hexdigest()[:12]}"
    home.mkdir(parents=True, exist_ok=True)
    done = home / "installed"
    with FileLock(home / "installing.lock"):
        if not done.exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, home)
            ci = subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund"], cwd=home, capture_output=True, text=True, check=False
            )
            if ci.returncode != 0:
                lacking("node", f"npm ci failed: {ci.stderr.strip()[-300:]}")
            done.touch()
    return home
