"""The three suites: real Redis of both versions keeps every promise, a wrong server breaks one and hears how."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.marking.suites import Kept, run_suite, suites
from grader.servers import Binary, standalone
from grader.servers.miniredis import MiniServer

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 4.0


def broken(found: list[Kept]) -> list[Kept]:
    return [each for each in found if each.status not in {"kept", "skipped"}]


def test_there_are_the_three_of_the_course() -> None:
    assert suites() == ["integration", "stability", "validation"]


@pytest.mark.parametrize("name", suites())
def test_a_real_redis_keeps_every_promise(name: str, binary: Binary) -> None:
    with standalone(binary=binary, port=0) as server:
        seen: list[Kept] = []
        found = run_suite(name, server, seconds=SECONDS, tell=seen.append)
        assert not broken(found)
        assert seen == found
        assert all(each.promise.endswith(".") for each in found)
        with server.client() as client:
            assert [key for key in client.scan_iter("*") if client.pttl(key) == -1] == []


@pytest.mark.parametrize("name", suites())
def test_the_reference_keeps_every_promise(name: str, reference: MiniServer) -> None:
    assert not broken(run_suite(name, reference, seconds=SECONDS, tell=lambda kept: None))


@pytest.mark.parametrize(
    ("name", "spoil", "promise", "happened"),
    [
        ("validation", 'COMMANDS[b"PING"].handler = lambda client, args: b"pong"', "PING is answered", "False"),
        ("validation", 'COMMANDS[b"DEL"].handler = COMMANDS[b"EXISTS"].handler', "EXISTS sees a key until", "1 == 0"),
        ("integration", 'not_built("mini.setex", b"SETEX")', "A session is kept", "not built yet: mini.setex"),
        ("integration", 'not_built("mini.info", b"INFO")', "A monitor that asks", "not built yet: mini.info"),
    ],
)
def test_a_broken_promise_says_what_happened(
    spoiled: Callable[[str], MiniServer], name: str, spoil: str, promise: str, happened: str
) -> None:
    found = broken(run_suite(name, spoiled(spoil), seconds=1, tell=lambda kept: None))
    (one, *_) = [each for each in found if each.promise.startswith(promise)]
    assert happened in one.happened


def test_the_files_can_be_run_by_pytest_alone(newest_binary: Binary) -> None:
    with standalone(binary=newest_binary, port=0) as server:
        folder = ROOT / "grader" / "checks" / "suites"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--redis={server.url}"]
        ran = subprocess.run(
            [*command, folder / "test_validation.py"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 0, ran.stdout
        assert "passed" in ran.stdout
