"""A stage is checked by its generators and its probes, in the manners that the learner has met."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from agreement.tiny import KNOWN, Tiny, running
from available import binary_of

from grader.checks.agreement.manners import EVERY_MANNER, Manner
from grader.checks.agreement.script import Scripts, cmd, key, scripts, text
from grader.checks.agreement.show import Finding
from grader.checks.stages import check, registry
from grader.checks.stages.check import BrokenPromise, StageResult, check_stage, manners_for
from grader.checks.stages.registry import Generated, Probe, StageChecks, UnderTest, checked_slugs, checks_of, taught_by
from grader.checks.verdict import Broken
from grader.servers import LocalServer, Server, standalone


@pytest.fixture(scope="module")
def real() -> Iterator[LocalServer]:
    with standalone(binary=binary_of("8.2")) as server:
        yield server


class At:
    """A server that is only an address."""

    port = None

    def __init__(self, path: Path) -> None:
        self.socket_path = path


def strlen() -> Scripts:
    return scripts(cmd("STRLEN", key), setup=[cmd("SET", key, text)])


def result_of(
    tiny: Tiny,
    real: LocalServer,
    monkeypatch: pytest.MonkeyPatch,
    *probes: Probe,
    generated: bool = True,
    seconds: float = 10.0,
) -> StageResult:
    made = Generated("mini.x", strlen, 40, EVERY_MANNER, frozenset(), state=True, encoding=False)
    checks = StageChecks("mini.x", [made] if generated else [], list(probes))
    monkeypatch.setattr(check, "checks_of", lambda slug: checks)
    with running(tiny) as path:
        return check_stage("mini.x", cast(UnderTest, At(path)), real, KNOWN, seconds=seconds)


class Wrong(Tiny):
    def strlen(self, key: bytes) -> bytes:
        return b":1\r\n"


def test_a_stage_is_green_when_everything_agrees(real: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    result = result_of(Tiny(), real, monkeypatch)
    assert result.passed
    assert result.finding is None
    assert result.replies > 40


def test_a_disagreement_makes_it_red_and_is_shown(real: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    result = result_of(Wrong(), real, monkeypatch)
    assert not result.passed
    assert isinstance(result.finding, Finding)
    assert "> STRLEN k" in result.finding.text


class Slow(Tiny):
    """Right, and so late that the time is over before anybody could know."""

    def received(self, client: int, data: bytes) -> bytes:
        time.sleep(0.4)  # what it is slow by
        return super().received(client, data)


def test_whoever_answers_late_has_not_shown_what_it_can(real: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    result = result_of(Slow(), real, monkeypatch, seconds=1.0)
    assert not result.passed
    assert isinstance(result.finding, BrokenPromise)
    assert "kept waiting" in result.finding.promise
    # Time that is over through no fault of the server is none of its business.
    result = result_of(Tiny(), real, monkeypatch, seconds=0.01)
    assert result.passed
    assert not result.complete


def test_a_machine_that_stood_still_for_a_while_is_no_fault_of_the_server(
    real: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Tiny):
        lasts = 0.8

        def received(self, client: int, data: bytes) -> bytes:
            lasts, Stopped.lasts = Stopped.lasts, 0.0
            time.sleep(lasts)  # the machine
            return super().received(client, data)

    assert result_of(Stopped(), real, monkeypatch, seconds=0.7).passed
    assert Stopped.lasts == 0.0


def test_a_broken_probe_makes_it_red_with_its_words(real: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_is_lost(theirs: UnderTest, real: Server) -> None:
        """A promised write survives a crash."""
        raise Broken("the key is there", "it was gone", "appends-after-the-reply")

    result = result_of(Tiny(), real, monkeypatch, nothing_is_lost)
    assert isinstance(result.finding, BrokenPromise)
    assert result.finding.text.splitlines()[0] == "A promised write survives a crash."
    assert result.finding.misconception == "appends-after-the-reply"


def test_probes_wait_until_the_scripts_agree(real: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[UnderTest] = []
    result = result_of(Wrong(), real, monkeypatch, lambda theirs, real: asked.append(theirs))
    assert not asked
    assert result.probes == 0


def test_a_stage_that_nobody_checks_is_not_green(real: LocalServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not result_of(Tiny(), real, monkeypatch, generated=False).passed


def test_a_manner_waits_for_the_stage_that_teaches_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "taught_by", lambda: {Manner.CUT: frozenset({"mini.split"})})
    made = Generated("mini.x", strlen, 1, EVERY_MANNER, frozenset(), state=True, encoding=False)
    assert Manner.CUT not in manners_for(made, ["mini.ping"])
    assert Manner.CUT in manners_for(made, ["mini.ping", "mini.split"])
    assert Manner.INLINE in manners_for(made, ["mini.ping"])
    assert manners_for(made, None) == EVERY_MANNER


def test_every_registered_generator_makes_scripts() -> None:
    assert checked_slugs()
    assert taught_by()
    for slug in checked_slugs():
        for generated in checks_of(slug).generators:
            made = generated.make()
            assert isinstance(made, Scripts) or hasattr(made, "map"), f"{slug}: {generated.name}"
    assert registry.checks_of("mini.nobody-wrote-it").generators == []
