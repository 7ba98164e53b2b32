"""What the tests of the servers share: each kind of server, and ways to see that nothing was left behind."""

import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from available import binary_of
from servers.owners import Owner, Start

from grader.servers import container, standalone


@pytest.fixture(params=["7.0", "8.2", pytest.param("container", marks=pytest.mark.docker)])
def start(request: pytest.FixtureRequest) -> Start:
    """Start a server of one kind: a local process of either version, or a container."""
    if request.param == "container":
        return functools.partial(container, request.getfixturevalue("docker_image"))
    return functools.partial(standalone, binary=binary_of(request.param))


@pytest.fixture
def temp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of the test's own, so that what a server leaves behind can be seen."""
    # pytest's own is too long for a Unix socket.
    folder = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def owner() -> Iterator[Callable[..., Owner]]:
    """Run scripts in processes of their own, which are gone after the test."""
    owners: list[Owner] = []

    def begin(script: str, **environment: Any) -> Owner:
        owners.append(Owner(script, environment))
        return owners[-1]

    yield begin
    for each in owners:
        each.process.kill()
        each.process.communicate()
