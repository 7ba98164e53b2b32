"""What the suites may ask for: the server, a client, a connection of bytes, and names for keys."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest
import redis

from grader.checks.soak.line import Line
from grader.checks.suites import SERVER
from grader.servers import GivenServer, Server, standalone


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--redis`` and ``--soak-seconds``, for who runs the files themselves."""
    parser.addoption("--redis", default=None, help="the server to try; one of this machine's own if not given")
    parser.addoption("--soak-seconds", type=float, default=10.0, help="how long the stability suite soaks the server")


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server that is tried: the one that `course suite` has started, or the one of ``--redis``."""
    running = request.config.stash.get(SERVER, None)
    if running is not None:
        yield running
    elif url := request.config.getoption("--redis"):
        yield GivenServer(url, "--redis")
    else:
        with standalone(port=0) as own:
            yield own


@pytest.fixture
def client(server: Server) -> Iterator[redis.Redis]:
    """redis-py, with text for replies; it says nothing of itself when it connects."""
    with server.client(driver_info=None) as connected:
        yield connected


@pytest.fixture
def line(server: Server) -> Iterator[Callable[[], Line]]:
    """Makes connections of plain bytes, which are closed with the test."""
    opened: list[Line] = []

    def connect() -> Line:
        opened.append(Line(server.url))
        return opened[-1]

    yield connect
    for each in opened:
        each.close()


@pytest.fixture
def key(server: Server) -> Iterator[Callable[[str], str]]:
    """Makes names of keys that nobody else has; they are deleted with the test."""
    home = f"suite:{secrets.token_hex(4)}"
    made: dict[str, None] = {}

    def name(rest: str) -> str:
        made[f"{home}:{rest}"] = None
        return f"{home}:{rest}"

    yield name
    with server.client(driver_info=None) as connected:
        # One by one: a server at its beginning may not delete several.
        for each in made:
            connected.delete(each)
