"""A server whose process ends: the script that ended it is shown, and no innocent one that came after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from agreement.tiny import KNOWN, Hangup, Tiny, running
from available import binary_of

from grader.checks.agreement.agree import Agreement, Disagreement, compare_servers
from grader.checks.agreement.script import Scripts, cmd, key, scripts, text
from grader.checks.stages import check
from grader.checks.stages.check import BrokenPromise, check_stage
from grader.checks.stages.registry import StageChecks, UnderTest
from grader.servers import LocalServer, Server, standalone

GENERATOR: Scripts = scripts(cmd("APPEND", key, text), cmd("STRLEN", key), cmd("GET", key), cmd("PING"))


@pytest.fixture(scope="module")
def real() -> Iterator[LocalServer]:
    with standalone(binary=binary_of("8.2")) as server:
        yield server


class Mortal(Tiny):
    """Gone once it was asked for the length of three bytes or more, until it is started again."""

    def __init__(self) -> None:
        super().__init__()
        self.starts = 1
        self.gone = False

    def received(self, client: int, data: bytes) -> bytes:
        if self.gone:
            raise Hangup
        return super().received(client, data)

    def strlen(self, key: bytes) -> bytes:
        if len(self.data.get(key, b"")) >= 3:
            self.gone = True
            raise Hangup
        return super().strlen(key)


class OnItsLastReply(Mortal):
    """Answers that as well, and is gone before the next command."""

    def strlen(self, key: bytes) -> bytes:
        reply = Tiny.strlen(self, key)
        self.gone = len(self.data.get(key, b"")) >= 3
        return reply


class Process:
    """A process to the eye of the check."""

    port = None
    directory = None

    def __init__(self, mortal: Mortal, path: Path) -> None:
        self.mortal, self.socket_path = mortal, path

    @property
    def pid(self) -> int | None:
        return None if self.mortal.gone else 1

    def restart(self) -> None:
        self.mortal.starts += 1
        self.mortal.data.clear()
        self.mortal.gone = False


def test_the_script_that_ends_a_server_is_found_again_on_a_fresh_one(real: LocalServer) -> None:
    mortal = Mortal()
    with running(mortal) as path:
        found = compare_servers(Process(mortal, path), real, GENERATOR, known=KNOWN, shrink_seconds=20)
    assert isinstance(found, Disagreement)
    assert found.finding.sentence == "yours ended: its process is gone"
    *appends, last = found.script.steps
    assert {step.name for step in appends} == {"APPEND"} and last.name == "STRLEN"
    assert sum(len(step.args[2]) for step in appends) >= 3
    assert mortal.starts > 2


def test_one_that_ends_behind_its_last_reply_is_not_taken_for_well(real: LocalServer) -> None:
    mortal = OnItsLastReply()
    with running(mortal) as path:
        found = compare_servers(Process(mortal, path), real, GENERATOR, known=KNOWN, shrink_seconds=5)
    assert isinstance(found, Disagreement)
    assert found.finding.sentence.startswith("yours ended")
    assert any(line.startswith("> STRLEN") for line in found.finding.script)


def test_a_server_that_is_only_an_address_is_never_started_again(real: LocalServer) -> None:
    with running(Tiny()) as path:
        assert isinstance(compare_servers(path, real, GENERATOR, known=KNOWN, examples=20), Agreement)


def test_a_stage_is_not_green_when_the_server_is_gone_at_its_end(
    real: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    mortal = Mortal()

    def ends(theirs: UnderTest, other: Server) -> None:
        """Something that ends it."""
        mortal.gone = True

    monkeypatch.setattr(check, "checks_of", lambda slug: StageChecks("mini.x", [], [ends]))
    with running(mortal) as path:
        result = check_stage("mini.x", cast(UnderTest, Process(mortal, path)), real, KNOWN)
    assert isinstance(result.finding, BrokenPromise)
    assert result.finding.happened == "its process is gone"
