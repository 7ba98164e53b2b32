"""The learner's own server on the command line: the map, checks from the first unfinished stage, hints, resets."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.checks.stages.catalog import stages
from grader.checks.stages.reference import Reference
from grader.marking import missing
from grader.marking.own_server import OwnServer
from grader.notebook.progress import Progress
from tests.stages.conftest import ROOT, Build, Edit, Ran, Terminal

Run = Callable[..., Ran]
PING = "commands/connection.py"


def outcomes(ran: Ran) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def test_the_map_of_a_fresh_clone_has_every_stage_to_build(course: Path, run: Run) -> None:
    found = json.loads(run("stages", "--json").out)
    assert found["done"] == found["borrowed"] == 0
    assert found["stages"] == len(stages().open)
    assert found["next"] == "mini.accept"
    assert sum(len(week) for week in found["weeks"].values()) == len(stages())


def test_the_map_fits_into_eighty_columns(course: Path, terminal: Callable[..., Terminal]) -> None:
    shown = terminal("stages", columns=80)
    assert shown.ended(30) == 0
    text = shown.see("locked   ")
    assert "0 of" in text and "Next: mini.accept" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_the_map_tells_done_borrowed_tried_and_next_apart(course: Path, run: Run) -> None:
    known = Progress(course)
    known.tried("mini.ping", True)
    known.borrowed("mini.echo")
    known.tried("mini.arity", False)
    (course / "notebooks/miniredis/commands/connection.py").write_text("", encoding="utf-8")
    for name in ("resp.py", "connection.py", "server.py"):
        (course / "notebooks/miniredis" / name).write_text("", encoding="utf-8")
    states = {s["slug"]: s["state"] for week in json.loads(run("stages", "--json").out)["weeks"].values() for s in week}
    assert states["mini.accept"] == "next"
    assert (states["mini.ping"], states["mini.echo"], states["mini.arity"]) == ("done", "borrowed", "tried")
    assert "1 of them borrowed" in run("stages").out
    assert "mini.echo" in run("stages", "codec").out


def test_a_done_stage_whose_stub_is_back_is_to_build_again(course: Path, run: Run) -> None:
    Progress(course).tried("mini.accept", True)
    assert json.loads(run("stages", "--json").out)["next"] == "mini.accept"


def test_a_stage_to_build_shows_why_the_exchange_and_the_line(course: Path, run: Run) -> None:
    ran = run("check", "stages")
    assert ran.status == 1
    assert "Let a client in" in ran.out and "> PING" in ran.out
    assert re.search(r"Build it in notebooks/miniredis/\S+\.py:\d+", ran.out)
    assert "`course hint mini.accept` shows hint 1 of 3." in ran.out
    assert Progress(course).read() == {}, "an untouched stub is no try"


def test_checks_go_on_from_the_first_unfinished_stage_to_the_first_red_one(
    course: Path, run: Run, build: Build
) -> None:
    build(upto="mini.echo")
    found = outcomes(run("check", "stages", "--json"))
    assert [o["slug"] for o in found if o["status"] == "done"][:3] == ["mini.accept", "mini.ping", "mini.echo"]
    assert found[-1]["status"] in {"todo", "wrong"}
    again = outcomes(run("check", "stages", "--json"))
    assert [o["slug"] for o in again] == [found[-1]["slug"]]


def test_a_wrong_stage_shows_both_answers_and_is_named_after_the_wrong_server(
    course: Path, run: Run, build: Build, edit: Edit
) -> None:
    build(upto="mini.arity")
    edit("commands/table.py", "return count == self.arity if", "return count >= self.arity if")
    ran = run("check", "mini.arity")
    assert ran.status == 1
    assert "Redis answered" in ran.out and "yours answered" in ran.out
    assert "This is how a server behaves that" in ran.out
    assert Progress(course).read()["mini.arity"].tries == 1


def test_all_that_is_missing_before_a_stage_is_told_at_once(course: Path, run: Run, build: Build) -> None:
    build("mini.accept", "mini.ping", "mini.unknown-command")
    [outcome] = outcomes(run("check", "mini.unknown-command", "--json"))
    assert outcome["status"] == "wrong"
    assert outcome["missing"] == ["mini.echo", "mini.case"]
    ran = run("check", "mini.binary")
    told = " ".join(ran.out.split())
    assert "3 stages that come before it are not built: mini.echo, mini.case, mini.arity." in told
    assert "`course check stages` begins with the first." in told


def test_whole_weeks_that_are_missing_are_told_in_a_word_and_can_be_borrowed(
    course: Path, reference: Reference, build: Build
) -> None:
    def told(slug: str) -> str:
        stage = stages()[slug]
        return missing.sentence_about(course, stage, missing.missing_before(course, OwnServer(course), stage))

    of_week1 = sum(s.week == "week1" and s.slug in reference.regions for s in stages().open)
    [first, second, third, *_] = [s.slug for s in stages().open if s.week == "week2"]
    assert f"not built: all of week1 ({of_week1}), {first}, {second}. " in told(third)
    assert told(third).endswith("`course catchup week2` borrows those of the weeks before week2.")
    build(upto=first)
    assert told(third) == (
        f"A stage that comes before it is not built: {second}. Its check counts on that one: `course check stages` "
        "begins with it."
    )
    assert told(second) == ""


def test_a_server_that_cannot_start_is_told_with_its_line_and_no_traceback(
    course: Path, run: Run, build: Build, edit: Edit
) -> None:
    build(upto="mini.ping")
    edit(PING, "from __future__ import annotations", "from __future__ import annotations\nimport nothing_here")
    ran = run("check", "mini.ping")
    assert ran.status == 1
    assert "ModuleNotFoundError: No module named 'nothing_here'" in ran.out
    assert re.search(r"notebooks/miniredis/commands/\s*connection\.py:\d+", ran.out)
    assert "grader/" not in ran.out


def test_an_error_in_a_handler_is_told_with_its_line(course: Path, run: Run, build: Build, edit: Edit) -> None:
    build(upto="mini.echo")
    edit(PING, "return args[1]", "return args[1].nothing")
    ran = run("check", "mini.echo")
    assert ran.status == 1
    assert "AttributeError" in ran.out and "connection.py:" in ran.out


def test_the_reference_is_checked_with_an_option(course: Path, run: Run) -> None:
    found = outcomes(run("check", "mini.ping", "mini.echo", "--solutions", "--json"))
    assert [(o["slug"], o["status"]) for o in found] == [("mini.ping", "done"), ("mini.echo", "done")]
    assert Progress(course).read() == {}


def test_all_goes_on_behind_a_red_stage(course: Path, run: Run, build: Build) -> None:
    build("mini.accept", "mini.ping")
    ran = run("check", "stages", "mini.accept", "mini.echo", "mini.ping", "--all")
    assert ran.status == 1
    assert [line.split()[:2] for line in ran.out.splitlines()[:3]] == [
        ["✔", "mini.accept"], ["✔", "mini.ping"], ["▸", "mini.echo"],
    ]  # fmt: skip
    assert "2 of 3 stages green" in ran.out


def test_hints_are_shown_one_after_the_other(course: Path, run: Run) -> None:
    assert "Hint 1 of 3" in run("hint", "mini.echo").out
    assert "Hint 2 of 3" in run("hint", "mini.echo").out
    assert json.loads(run("hint", "mini.echo", "-n", "3", "--json").out)["number"] == 3
    assert run("hint", "mini.echo", "-n", "9").status == 2


def test_an_unknown_stage_offers_the_nearest(course: Path, run: Run) -> None:
    ran = run("check", "mini.ehco")
    assert ran.status == 2
    assert "Did you mean mini.echo" in ran.err


def test_a_reset_puts_the_stub_back_and_keeps_what_was_written(
    course: Path, run: Run, build: Build, edit: Edit
) -> None:
    build(upto="mini.echo")
    edit(PING, "return args[1]", "return args[1] + b'mine'")
    Progress(course).tried("mini.echo", True)
    ran = run("reset", "mini.echo")
    assert ran.status == 0, ran.err
    assert 'raise NotImplementedError("mini.echo")' in (course / "notebooks/miniredis" / PING).read_text("utf-8")
    kept = [p.read_text(encoding="utf-8") for p in (course / ".course/kept").glob("*mini.echo*")]
    assert len(kept) == 1 and "b'mine'" in kept[0]
    assert "mini.echo" not in Progress(course).read()


def test_a_whole_file_can_be_brought_back(course: Path, run: Run, starter: dict[str, bytes]) -> None:
    mine = course / "notebooks/miniredis/resp.py"
    mine.write_text("nothing\n", encoding="utf-8")
    assert run("reset", "miniredis/resp.py").status == 0
    assert mine.read_bytes() == starter["miniredis/resp.py"]
    assert [p.read_text(encoding="utf-8") for p in (course / ".course/kept").glob("*resp*")] == ["nothing\n"]


def test_the_server_can_be_started_in_the_foreground_and_ends_with_ctrl_c(
    course: Path, build: Build, terminal: Callable[..., Terminal]
) -> None:
    build(upto="mini.ping")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    shown = terminal("server", "--port", str(port))
    shown.see(f"answers at 127.0.0.1:{port}.")
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"*1\r\n$4\r\nPING\r\n")
        assert client.recv(64) == b"+PONG\r\n"
    shown.send("\x03")
    shown.see("Stopped.")
    assert shown.ended() == 0
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), 1):
        pass


def test_a_save_is_checked_and_its_first_red_line_is_shown(course: Path, build: Build, edit: Edit) -> None:
    build(upto="mini.echo")
    watching = subprocess.Popen(
        [sys.executable, "-u", "-m", "grader.cli", "watch", "stages"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert watching.stdout is not None
    try:
        _until(watching, "stages")
        Progress(course).forget("mini.echo")
        edit(PING, "return args[1]", "return args[1].missing")
        started = time.monotonic()
        _until(watching, "✘ Say it back")
        assert time.monotonic() - started < 20, "measured is about half a second; a busy machine takes longer"
        _until(watching, "stages")
        edit(PING, "return args[1].missing", "return args[1]")
        _until(watching, "✔ mini.echo")
    finally:
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=20)
    assert watching.returncode == 0


def _until(process: subprocess.Popen[str], wanted: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if wanted in line:
            return
    raise AssertionError(f"no {wanted!r} before its end")
