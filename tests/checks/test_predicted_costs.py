"""What week1.predict-cost grades by is true: each command's time grows with what the table says, and with nothing else.

The check itself takes no time into account, so that a busy machine costs nobody a point. Here the table is measured,
as a ratio, on every Redis at hand.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.checks.week1.command_costs import GROWS_WITH, fastest
from grader.servers import Binary, Server, binaries, standalone


@pytest.fixture(scope="module", params=binaries(), ids=lambda binary: ".".join(map(str, binary.version)))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    binary: Binary = request.param
    with standalone(binary=binary) as running:
        yield running


@pytest.mark.parametrize("line", GROWS_WITH)
def test_a_command_grows_with_what_the_table_says(server: Server, line: str) -> None:
    with server.client() as client:
        small, large = (fastest(client, line, size, tries=5) for size in (200, 50_000))
    # What a busy machine adds to a command of a microsecond (UNLINK wakes another thread) must not look like growth.
    noise = 20
    ratio = (large + noise) / (small + noise)
    if GROWS_WITH[line] == "constant":
        assert ratio < 5, f"{small} µs, then {large} µs"
    else:
        assert ratio > 10, f"{small} µs, then {large} µs"
