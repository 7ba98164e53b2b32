"""The instructor is told what holds their submissions, and nothing pretends to be more than it is."""

import os
import shutil
import socket
import stat
import sys
from pathlib import Path

import pytest
from sandbox.conftest import INSIDE, TIGHT, begin, starter

from grader.marking.sandbox import Limits, Sandbox, SandboxMissing, WarmWorkers, choose
from grader.marking.sandbox.bubblewrap import Bubblewrap
from grader.marking.sandbox.choose import _found, in_short


@pytest.fixture
def asked_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing is remembered, and PATH holds one empty folder, which is returned."""
    monkeypatch.setattr(sys.modules["grader.marking.sandbox.choose"], "_found", {})
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def _program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_without_bubblewrap_and_docker_there_is_none_and_it_says_so_loudly(asked_anew: Path) -> None:
    best = choose()
    assert best.name == "none"
    assert not best.trusted
    assert best.words.startswith("THERE IS NO SANDBOX")
    assert "bwrap" in best.words
    assert "Docker" in best.words
    assert "advisory" in best.words
    assert in_short()[0] == "none"


def test_a_kind_that_was_asked_for_by_name_is_never_replaced(asked_anew: Path) -> None:
    with pytest.raises(SandboxMissing, match="not installed"):
        choose("bubblewrap")
    with pytest.raises(SandboxMissing, match="not installed"):
        choose("docker")
    with pytest.raises(SandboxMissing, match="bubblewrap, docker, none"):
        choose("jail")
    assert choose("none").name == "none"


def test_a_bubblewrap_that_may_make_no_namespaces_is_not_taken(asked_anew: Path) -> None:
    _program(asked_anew, "bwrap", "echo 'bwrap: Creating new namespace failed: Operation not permitted' >&2; exit 1")
    advice = "outside" if os.geteuid() == 0 else "sysctl"
    with pytest.raises(SandboxMissing, match=rf"may not make namespaces .*Operation not permitted.*{advice}"):
        choose("bubblewrap")
    assert choose().name == "none"


def test_a_bubblewrap_that_does_something_else_is_not_taken(asked_anew: Path) -> None:
    _program(asked_anew, "bwrap", "exit 0")
    with pytest.raises(SandboxMissing, match="does not work here"):
        choose("bubblewrap")


def test_a_docker_whose_engine_is_away_is_not_taken(asked_anew: Path) -> None:
    _program(asked_anew, "docker", "exit 1")
    with pytest.raises(SandboxMissing, match="no Docker engine answers"):
        choose("docker")


def test_the_best_there_is_is_found_once(sandbox: Sandbox) -> None:
    assert choose() is sandbox
    assert (os.getpid(), "bubblewrap") in _found
    assert sandbox.trusted


def test_without_control_groups_the_words_say_what_is_missing(sandbox: Sandbox) -> None:
    program = shutil.which("bwrap")
    assert program is not None
    ungrouped = Bubblewrap(program, groups=False)
    assert "not in total" in ungrouped.words
    # And it works as well.
    with starter(lambda channel: begin(ungrouped, None, channel)) as start:
        assert start("tell(attempt(lambda: bytearray(200 * 2**20)))").told() == "MemoryError"
    with WarmWorkers(ungrouped, TIGHT, {INSIDE: "/attacks"}, entry="attacker:main", path=["/attacks"]) as workers:
        assert workers.warm
        with starter(workers.start) as start:
            assert start("tell(attempt(lambda: bytearray(200 * 2**20)))").told() == "MemoryError"
    assert isinstance(sandbox, Bubblewrap)


def test_where_namespaces_cannot_be_nested_workers_start_cold_and_are_told_so(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The process that forks gets the filter that workers have: it may make no namespaces then.
    import grader.marking.sandbox.warm as warm

    real = warm.Order
    monkeypatch.setattr(warm, "Order", lambda *words, **options: real(*words, **{**options, "filtered": True}))
    with WarmWorkers(sandbox, TIGHT, {INSIDE: "/attacks"}, entry="attacker:main", path=["/attacks"]) as workers:
        assert not workers.warm
        assert "cannot be nested" in workers.words
        assert "Operation not permitted" in workers.words
        with starter(workers.start) as start:
            assert start("tell('here')").told() == "here"


def test_a_program_that_does_not_start_says_why(sandbox: Sandbox) -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs, sandbox.start(["python", "-c", "import nothing_like_that"], theirs, Limits()) as held:
        ended = held.ended(20)
    assert (ended.reason, ended.status) == ("exit", 1)
    assert b"nothing_like_that" in held.output


def test_a_program_is_always_python(sandbox: Sandbox) -> None:
    mine, theirs = socket.socketpair()
    with mine, theirs, pytest.raises(ValueError, match="begins with"):
        sandbox.start(["/bin/sh"], theirs, Limits())


def test_without_a_sandbox_limits_and_channel_are_the_same(tmp_path: Path) -> None:
    bare = choose("none")
    with starter(lambda channel: begin(bare, None, channel)) as start:
        attack = start("""
            import os, resource
            tell(sorted(os.listdir("/proc/self/fd")))
            tell(os.getcwd() == os.environ["HOME"])
            tell(attempt(lambda: bytearray(10 * 2**30)))
            tell("COURSE_KEY" in os.environ)
        """)
        assert attack.told() == ["0", "1", "2", "3", "4"]
        assert attack.told() is True
        assert attack.told() == "MemoryError"
        assert attack.told() is False
        assert attack.held.ended(10).status == 0
        endless = start("while True: print('x' * 1000)")
        assert endless.held.ended(10).reason == "output"
    with WarmWorkers(bare, TIGHT, {INSIDE: "/attacks"}, entry="attacker:main", path=["/attacks"]) as workers:
        with starter(workers.start) as start:
            assert start("tell('here')").told() == "here"
        assert not workers.warm
