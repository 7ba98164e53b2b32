"""What week1.predict-cost grades by is true: each command's time grows with what the table says, and with nothing else.

The check itself takes no time into account, so that a busy machine costs nobody a point. Here the table is measured,
as a ratio, on every Redis at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from grader.checks.week1.command_costs import GROWS_WITH, fastest
from grader.servers import Binary, Server, binaries, standalone


@pytest.fixture(scope="module", params=binaries(), ids=lambda binary: ".".join(map(str, binary.version)))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    binary: Binary = request.param
    with standalone(binary=binary) as running:
        yield running


CONSTANT = [line for line, what in GROWS_WITH.items() if what == "constant"]


@pytest.mark.parametrize("line", [line for line in CONSTANT if not line.startswith("UNLINK")])
def test_a_constant_command_can_be_as_fast_on_large_data(server: Server, line: str) -> None:
    # One fast run proves it, since what grows cannot be fast. A busy machine may need several.
    with server.client() as client:
        growing = fastest(client, "DEL online", 50_000, tries=3)
        assert any(fastest(client, line, 50_000, tries=1) < growing / 20 for _ in range(20)), f"DEL took {growing} µs"


def test_unlink_leaves_the_work_to_a_thread(server: Server, until: Callable[..., None]) -> None:
    # Not by its time: on a busy machine the thread it wakes takes the processor before UNLINK has answered.
    with server.client() as client:
        client.flushdb()
        for key in ("unlinked", "deleted"):
            client.sadd(key, *range(10_000))
        until(lambda: client.info("memory")["lazyfree_pending_objects"] == 0)
        freed = client.info("memory")["lazyfreed_objects"]
        client.delete("deleted")
        client.unlink("unlinked")
        until(lambda: client.info("memory")["lazyfreed_objects"] > freed)
        until(lambda: client.info("memory")["lazyfree_pending_objects"] == 0)
        assert client.info("memory")["lazyfreed_objects"] == freed + 1


@pytest.mark.parametrize("line", [line for line, what in GROWS_WITH.items() if what != "constant"])
def test_a_growing_command_is_never_as_fast_on_large_data(server: Server, line: str) -> None:
    with server.client() as client:
        small, large = (fastest(client, line, size, tries=5) for size in (200, 50_000))
    assert large > 20 * max(small, 1), f"{small} µs, then {large} µs"
