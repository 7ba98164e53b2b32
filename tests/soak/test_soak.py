"""The soak: real Redis and the reference come through it, wrong servers do not, and it says what was wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from grader.checks.soak import NotReadyError, Sample, Soak, soak
from grader.checks.soak.report import draw, summary, write_report
from grader.checks.soak.tally import Tally
from grader.servers import Binary, standalone
from grader.servers.miniredis import MiniServer

Spoiled = Callable[[str], MiniServer]
SEED = 20261121


def told(found: Soak) -> str:
    return "\n".join(f"{each.sent}: {each.got}, not {each.expected}" for each in found.tally.first_wrong)


def test_a_real_redis_comes_through_without_a_wrong_reply(binary: Binary) -> None:
    with standalone(binary=binary, port=0) as server:
        found = soak(server, seconds=1.5, clients=20, seed=SEED)
        assert not found.tally.wrong, told(found)
        assert found.sound
        assert not found.lacking
        assert found.tally.refused and found.tally.cut and found.tally.nonsense
        assert {"strings", "streams", "transactions", "pub/sub", "blocking"} <= found.tally.operations.keys()


def test_a_soak_over_a_unix_socket_is_a_soak_too(newest_binary: Binary) -> None:
    with standalone(binary=newest_binary) as server:
        assert soak(server, seconds=0.5, clients=10, seed=SEED).sound


def test_the_reference_comes_through_without_a_wrong_reply(reference: MiniServer) -> None:
    found = soak(reference, seconds=1.5, clients=20, seed=SEED)
    assert not found.tally.wrong, told(found)
    assert found.sound
    assert reference.complaint() == ""


def test_nothing_is_left_and_nothing_else_is_touched(newest_binary: Binary) -> None:
    with standalone(binary=newest_binary, port=0) as server, server.client() as client:
        client.set("mine", "untouched")
        soak(server, seconds=0.5, clients=10, seed=SEED)
        # Keys that end by themselves are left to do so: in a fifth of a second.
        for key in client.scan_iter("soak:*"):
            assert client.pttl(key) != -1, f"{key} would stay for ever"
        assert client.get("mine") == "untouched"


@pytest.mark.parametrize(
    ("spoil", "family"),
    [
        ('COMMANDS[b"GETDEL"].handler = COMMANDS[b"GET"].handler', "strings"),
        ('COMMANDS[b"LPUSH"].handler = COMMANDS[b"RPUSH"].handler', "lists"),
        ('COMMANDS[b"SDIFF"].handler = COMMANDS[b"SUNION"].handler', "sets"),
        ('COMMANDS[b"HSETNX"].handler = COMMANDS[b"HSET"].handler', "hashes"),
        ('COMMANDS[b"ZREVRANGE"].handler = COMMANDS[b"ZRANGE"].handler', "sorted-sets"),
        ('COMMANDS[b"PERSIST"].handler = COMMANDS[b"EXISTS"].handler', "keys"),
        ('COMMANDS[b"DISCARD"].handler = COMMANDS[b"EXEC"].handler', "transactions"),
    ],
)
def test_a_wrong_command_is_found_and_named(spoiled: Spoiled, spoil: str, family: str) -> None:
    found = soak(spoiled(spoil), seconds=1, clients=6, seed=SEED)
    assert not found.sound
    assert family in {each.family for each in found.tally.first_wrong}
    assert found.tally.wrong < found.operations


def test_commands_that_are_not_built_are_left_out_and_named_with_their_stage(spoiled: Spoiled) -> None:
    found = soak(spoiled('not_built("mini.zadd", b"ZADD")\ndel COMMANDS[b"SPOP"]'), seconds=0.5, clients=10, seed=SEED)
    assert not found.tally.wrong, told(found)
    assert "ZADD (mini.zadd)" in found.lacking["sorted-sets"]
    assert "SPOP" in found.lacking["sets"]


def test_a_server_that_has_no_set_is_not_ready_and_hears_what_it_lacks(spoiled: Spoiled) -> None:
    with pytest.raises(NotReadyError, match=r"does not know SET \(mini\.set\)"):
        soak(spoiled('not_built("mini.set", b"SET")'), seconds=5, clients=4)


def test_a_family_that_was_asked_for_must_be_there(spoiled: Spoiled) -> None:
    server = spoiled('not_built("mini.zadd", b"ZADD")')
    with pytest.raises(NotReadyError, match=r"ZADD \(mini\.zadd\)"):
        soak(server, seconds=5, clients=4, families=["sorted-sets"])
    assert soak(server, seconds=0.2, clients=4, families=["strings", "lists"]).sound


def test_an_unknown_family_is_refused_with_those_there_are(reference: MiniServer) -> None:
    with pytest.raises(NotReadyError, match="There is no family lost"):
        soak(reference, seconds=5, clients=4, families=["lost"])


def test_a_server_that_ends_in_the_middle_ends_the_soak(reference: MiniServer) -> None:
    reference_is_up = threading.Event()

    def look(sample: Sample) -> None:
        if not reference_is_up.is_set():
            reference_is_up.set()
            reference.kill()

    found = soak(reference, seconds=30, clients=10, seed=SEED, tell=look)
    assert found.ended_early
    assert not found.sound
    assert found.seconds < 20


def test_ctrl_c_ends_the_soak_early_with_what_there_is(reference: MiniServer) -> None:
    def interrupt(sample: Sample) -> None:
        raise KeyboardInterrupt

    found = soak(reference, seconds=30, clients=6, seed=SEED, tell=interrupt_once(interrupt))
    assert found.interrupted
    assert found.operations
    assert found.sound


def interrupt_once(tell: Callable[[Sample], None]) -> Callable[[Sample], None]:
    calls: list[Sample] = []

    def once(sample: Sample) -> None:
        calls.append(sample)
        if len(calls) == 1:
            tell(sample)

    return once


def a_soak(memory: list[int | None], seconds: float = 20.0) -> Soak:
    """A soak in which nothing happened but this much memory, in MB."""
    step = seconds / len(memory)
    samples = [Sample((at + 1) * step, at * 1000, None if mb is None else mb * 10**6) for at, mb in enumerate(memory)]
    return Soak(
        seconds, 4, 1, Tally(), samples, memory_before=20, memory_after=20, lacking={}, interrupted=False,
        ended_early=False,
    )  # fmt: skip


def test_memory_that_goes_on_growing_is_a_leak() -> None:
    assert a_soak([20 + 5 * n for n in range(20)]).leaks
    assert not a_soak([20, 60, 80, 90, *[90] * 16]).leaks  # it warms up
    assert not a_soak([20 + n // 4 for n in range(20)]).leaks  # less than one would worry about


def test_a_short_soak_and_unseen_memory_say_nothing_about_leaks() -> None:
    assert a_soak([20 + 5 * n for n in range(20)], seconds=5).growth is None
    assert a_soak([None] * 20).growth is None


def test_the_report_is_a_page_a_picture_and_plain_data(reference: MiniServer, tmp_path: Path) -> None:
    found = soak(reference, seconds=0.6, clients=4, seed=SEED)
    files = write_report(found, "a <server>", tmp_path / "report")
    assert [file.name for file in files] == ["soak.html", "soak.png", "soak.json"]
    page = files[0].read_text()
    assert "a &lt;server&gt;" in page
    assert "data:image/png;base64," in page
    assert files[1].read_bytes().startswith(b"\x89PNG")
    assert any(f"{found.operations:,}" in text for _, text in summary(found))
    assert all(b.operations >= a.operations for a, b in pairwise(found.samples))


def test_a_soak_without_samples_can_be_drawn() -> None:
    assert draw(replace(a_soak([None] * 3), samples=[]), "nothing").startswith(b"\x89PNG")
