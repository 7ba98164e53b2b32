"""`course progress`, `hint`, `reset` and `quiz`, and what all commands have in common."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.checks import catalog
from grader.notebook.progress import Progress
from tests.cli.conftest import NOTEBOOK, RIGHT, ROOT, Ran, Terminal

Run = Callable[..., Ran]


# What all commands have in common


@pytest.mark.parametrize(
    "words",
    ["check", "watch", "progress", "hint page-views", "reset page-views", "quiz", "redis start", "build", "lint"],
)
def test_outside_the_course_it_says_where_it_looked(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.delenv("COURSE_FOLDER", raising=False)
    monkeypatch.chdir(tmp_path)
    ran = run(*words.split())
    assert ran.status == 2
    assert f"looked for modules/ and notebooks/ in {tmp_path} and every folder above it" in ran.err


@pytest.mark.parametrize("words", ["", "check -h", "nonsense", "hint --number many", "redis", "grade"])
def test_every_call_that_cannot_be_read_shows_how_it_is_meant(run: Run, words: str) -> None:
    ran = run(*words.split())
    assert ran.status == (0 if words == "check -h" else 2)
    assert "Usage: course" in ran.out + ran.err


def test_a_fault_of_the_course_is_status_3_and_says_that_it_is_not_the_learners(
    run: Run, course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: object) -> None:
        raise ZeroDivisionError("an unexpected thing")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Progress, "read", crash)
    ran = run("progress")
    assert ran.status == 3
    assert "this is a fault of the course, not yours (ZeroDivisionError: an unexpected thing)" in ran.err
    assert "Traceback" not in ran.err
    assert "Traceback" in (tmp_path / "course-fault.txt").read_text()


# Progress


def test_progress_has_a_bar_a_week_and_a_mark_an_exercise(run: Run, course: Path) -> None:
    known = Progress(course)
    known.tried("week1.page-views", solved=True)
    known.tried("week1.lost-update", solved=False)
    known.hinted("week1.bulk-read", 2)
    ran = run("progress")
    of_week = [e for e in catalog() if e.week == "week1"]
    points = catalog()["week1.page-views"].points
    assert ran.status == 0
    assert f"1 of {len(of_week)} exercises, {points} of {sum(e.points for e in of_week)} points" in ran.out
    lines = {line.split()[1]: line for line in ran.out.splitlines() if line.startswith("   ")}
    assert lines["week1.page-views"].split()[0] == "✔"
    assert lines["week1.lost-update"].split()[0] == "✘"
    assert lines["week1.bulk-read"].split()[0] == "·", "a hint is no try"
    assert "2 hints" in lines["week1.bulk-read"]
    assert "Next: week1.lost-update" in ran.out


def test_progress_as_json_has_sums_and_exercises(run: Run, course: Path) -> None:
    Progress(course).tried("week1.page-views", solved=True)
    found = json.loads(run("progress", "--json").out)
    assert found["weeks"]["week1"]["solved"] == 1
    assert len(found["exercises"]) == len(list(catalog()))


@pytest.mark.parametrize("columns", [40, 200])
def test_no_line_of_progress_is_wider_than_the_terminal(
    course: Path, terminal: Callable[..., Terminal], columns: int
) -> None:
    known = Progress(course)
    for e in catalog():
        known.tried(e.slug, solved=False)
        known.hinted(e.slug, 3)
    shown = terminal("progress", columns=columns)
    shown.see("Next: ")
    assert shown.ended() == 0
    assert max(len(line.rstrip()) for line in shown.text.splitlines()) <= columns


# Hints


def test_hints_come_one_after_another_and_the_last_one_stays(run: Run, course: Path) -> None:
    total = len(catalog()["page-views"].hints)
    shown = [run("hint", "page-views").out.splitlines()[0] for _ in range(total + 1)]
    assert [line.split()[1] for line in shown] == [*map(str, range(1, total + 1)), str(total)]


def test_a_hint_without_a_name_is_for_the_exercise_at_hand(run: Run, course: Path) -> None:
    assert catalog().weeks[0] in run("hint").out
    Progress(course).tried("week1.lost-update", solved=False)
    assert "week1.lost-update" in run("hint").out


def test_a_hint_that_is_not_there_says_which_are(run: Run, course: Path) -> None:
    ran = run("hint", "page-views", "-n", "9")
    assert ran.status == 2
    assert "week1.page-views has hints 1 to" in ran.err


def test_a_hint_as_json(run: Run, course: Path) -> None:
    found = json.loads(run("hint", "page-views", "-n", "2", "--json").out)
    assert (found["slug"], found["number"]) == ("week1.page-views", 2)


# Reset


def source(course: Path, slug: str = "week1.page-views") -> str:
    notebook = json.loads((course / "notebooks" / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8"))
    return "".join(next(c["source"] for c in notebook["cells"] if c["id"] == slug.replace(".", "-")))


def test_reset_brings_the_starter_back_and_keeps_the_text_and_the_others(
    run: Run, course: Path, answer: Callable[..., None]
) -> None:
    (course / "solutions").symlink_to(ROOT / "solutions")
    starter = source(course)
    answer(RIGHT)
    answer("mine = 1", "week1.lost-update")
    Progress(course).tried("week1.page-views", solved=True)
    ran = run("reset", "page-views")
    assert ran.status == 0
    assert source(course) == starter
    assert source(course, "week1.lost-update") == "mine = 1"
    (kept,) = (course / ".course" / "kept").iterdir()
    assert kept.read_text() == RIGHT
    assert str(kept.relative_to(course)) in ran.out
    assert "week1.page-views" not in Progress(course).read()


def test_reset_without_the_sources_takes_the_starter_from_the_first_commit(
    run: Run, course: Path, answer: Callable[..., None]
) -> None:
    starter = source(course)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "notebooks"], ["commit", "-qm", "The course"]):
        subprocess.run([*git, *words], cwd=course, check=True)
    answer(RIGHT)
    subprocess.run([*git, "commit", "-qam", "My answer"], cwd=course, check=True)
    ran = run("reset", "page-views")
    assert ran.status == 0
    assert source(course) == starter


def test_reset_without_sources_and_without_git_says_what_to_do(
    run: Run, course: Path, answer: Callable[..., None]
) -> None:
    answer(RIGHT)
    ran = run("reset", "page-views")
    assert ran.status == 2
    assert "Copy the file from a fresh clone" in ran.err
    assert source(course) == RIGHT


# Quiz


@pytest.fixture
def quiz(course: Path) -> None:
    (course / "modules").unlink()
    folder = course / "modules" / "week1-fundamentals"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "modules" / "week1-fundamentals" / "1.1-what-redis-is.md", folder / "lesson.md")
    (folder / "quiz.yml").write_text(
        """
title: Two questions
questions:
  - id: sum
    lesson: lesson.md
    question: What is six times seven?
    type: numeric
    answers: [{value: 42, correct: true, feedback: As everyone knows.}]
  - id: letters
    lesson: lesson.md
    question: Which are vowels?
    type: many
    answers:
      - {text: the letter a, correct: true, feedback: It is.}
      - {text: the letter e, correct: true, feedback: It is too.}
      - {text: the letter k, correct: false, feedback: It is a consonant.}
"""
    )


@pytest.mark.usefixtures("quiz")
def test_a_quiz_explains_each_answer_and_asks_again_for_what_is_none(process: Run) -> None:
    ran = process("quiz", "1", stdin="forty\n42\nabc\n")
    assert ran.status == 0
    assert "'forty' is no answer: type a number" in ran.out
    assert "✔ 42. As everyone knows." in ran.out
    assert "✘ the letter k\n     It is a consonant." in ran.out
    assert ran.out.endswith("1 of 2 right at the first try.\n")
    assert not ran.err


@pytest.mark.usefixtures("quiz")
def test_ctrl_c_ends_a_quiz_with_what_was_right_so_far(terminal: Callable[..., Terminal]) -> None:
    asked = terminal("quiz")
    asked.see("(a number) >")
    asked.send("42\n")
    asked.see("(every letter that is right")
    asked.send("\x03")
    asked.see("1 of 1 right at the first try.")
    assert asked.ended() == 0


@pytest.mark.usefixtures("quiz")
def test_a_week_without_a_quiz_names_those_that_have_one(run: Run) -> None:
    ran = run("quiz", "weke1")
    assert ran.status == 2
    assert "There is one for: week1" in ran.err
