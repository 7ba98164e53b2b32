"""Stability: a short soak (`course soak` is the long one). Many clients of all kinds, and every reply is checked."""

from __future__ import annotations

import pytest

from grader.checks.soak import Soak, soak
from grader.servers import Server

LEAST = 7_000  # commands
CLIENTS = 20


@pytest.fixture(scope="module")
def found(server: Server, request: pytest.FixtureRequest) -> Soak:
    """What the soak has found."""
    return soak(server, seconds=request.config.getoption("--soak-seconds"), clients=CLIENTS)


def test_commands(found: Soak) -> None:
    """At least 7,000 commands are answered."""
    assert found.operations >= LEAST, f"only {found.operations:,} in {found.seconds:.0f} seconds"


def test_no_errors(found: Soak) -> None:
    """Not one reply is wrong, and no connection breaks."""
    first = "; ".join(f"{each.sent} gave {each.got}, not {each.expected}" for each in found.tally.first_wrong[:3])
    assert not found.tally.wrong, f"{found.tally.wrong:,} were: {first}"
    assert not found.ended_early, "no client was left to go on"


def test_recovery(found: Soak) -> None:
    """Commands that must be refused are, and everybody goes on."""
    assert found.tally.refused > 0, "nothing was refused"


def test_parsing_under_load(found: Soak) -> None:
    """Clients that go in the middle of a command, or send what is no RESP, disturb nobody."""
    assert found.tally.cut > 0
    assert found.tally.nonsense > 0


def test_memory(found: Soak) -> None:
    """Memory does not go on growing while the keys stay as many."""
    if found.growth is None:
        pytest.skip("too short to tell, or the memory cannot be seen")
    settled, last = found.growth
    assert not found.leaks, f"{settled / 1e6:.1f} MB once things had settled, {last / 1e6:.1f} MB at the end"
