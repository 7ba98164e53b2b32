"""What leaves the gradebook: our table, nbgrader's own export and feedback; and stock autograde beside it all."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins.export import CsvExportPlugin

from grader.checks import Exercise
from grader.checks.session import Promise
from grader.cohort.export import as_csv, as_json, harmless, rows
from grader.cohort.feedback import feedback
from grader.cohort.grading import grade
from grader.cohort.incoming import all_submitted
from grader.cohort.releasing import due_date, release
from grader.marking.result import ExerciseResult
from tests.cohort.kit import (
    BULK_READ,
    NOTEBOOK,
    PAGE_VIEWS,
    ROOT,
    SLUGS,
    WEEK,
    dump,
    pages,
    points,
    result,
    room,
    say,
    score,
    status,
    submit,
)


def evil(_: str, e: Exercise) -> ExerciseResult:
    """A wrong answer whose words a spreadsheet would calculate."""
    if e.slug == BULK_READ:
        return result(e, "error", note="+cmd|' /C calc'!A0")
    found = result(e, "wrong", 0.5)
    found.promises = [Promise("a", "b", "broken", happened='=HYPERLINK("http://x";"y")')]
    return found


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_numbers_and_plain_texts_are_as_they_are() -> None:
    assert [harmless(v) for v in (-1.5, "a=b", "", None, True)] == [-1.5, "a=b", "", None, True]


def test_one_row_a_student_and_exercise_says_what_the_gradebook_says(course: Path) -> None:
    for name in ("@ada", "ben"):
        submit(course, name, {})
    grade(room(course), [WEEK], say(evil))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis") as book:
        book.find_grade("week1-page-views-check", NOTEBOOK, WEEK, "ben").manual_score = 1.0
        book.db.commit()
    found = rows(room(course), [WEEK])
    by = {(r["student"], r["exercise"]): r for r in found}
    assert len(by) == len(found)
    assert {slug for _, slug in by} > set(SLUGS)
    assert (by["ben", PAGE_VIEWS]["score"], by["ben", PAGE_VIEWS]["auto_score"]) == (1.0, 0.5)
    assert by["ben", PAGE_VIEWS]["points"] == points(PAGE_VIEWS)
    assert by["ben", BULK_READ]["score"] is None
    assert by["ben", BULK_READ]["needs_manual_grade"] is True
    assert json.loads(as_json(found)) == found
    table = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert len(table) == len(found)
    assert {row["student"] for row in table} == {"'@ada", "ben"}
    assert not [v for row in table for v in row.values() if v.startswith(("=", "+", "@", "\t", "\r"))]


def test_nbgraders_own_export_has_the_same_scores(course: Path, tmp_path: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(status("solved")))
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis") as book:
        CsvExportPlugin(to=str(tmp_path / "grades.csv")).export(book)
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert (row["student_id"], float(row["score"])) == ("ada", sum(points(s) for s in SLUGS))


def test_nbgraders_feedback_shows_the_verdicts_of_everybody_graded(course: Path) -> None:
    submit(course, "ada", {})
    assert feedback(room(course), [WEEK]) == 0
    grade(room(course), [WEEK], say(evil))
    assert feedback(room(course), [WEEK]) == 1
    page = (course / "feedback" / "ada" / WEEK / f"{NOTEBOOK}.html").read_text(encoding="utf-8")
    assert 'data-slug="week1.page-views" data-status="wrong"' in page
    assert "The grader failed, not the answer" in page


def test_stock_autograde_works_beside_it_and_a_person_may_go_back_and_forth(course: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(status("solved")))
    rows_before, files = dump(course), pages(course)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", WEEK, "--student", "ada", "--notebook", NOTEBOOK, "--force"],
        cwd=course, env=environment, capture_output=True, text=True, timeout=280, check=True,
    )  # fmt: skip
    assert score(course, "ada") == points("week1.tiny-client") + points("week1.right-tool")
    asked: list[str] = []
    grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == []
    assert pages(course) == files
    ours = {(s, n, c): auto for s, n, c, auto, *_ in dump(course)["grades"]}
    before = {(s, n, c): auto for s, n, c, auto, *_ in rows_before["grades"]}
    checked = {f"{slug.replace('.', '-')}-check" for slug in SLUGS}
    assert {k: v for k, v in ours.items() if k[2] in checked} == {k: v for k, v in before.items() if k[2] in checked}


def test_releasing_again_keeps_every_grade(course: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(status("solved")))
    before = dump(course)
    release(room(course), [WEEK], due_date("2026-12-01T18:00+01:00"))
    assert dump(course) == before
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis") as book:
        assert str(book.find_assignment(WEEK).duedate) == "2026-12-01 17:00:00"


def test_what_everybody_handed_in_is_at_hand_for_the_report(course: Path) -> None:
    submit(course, "ada", {PAGE_VIEWS: "x = 1"})
    found = all_submitted(room(course), [WEEK])
    assert b"x = 1" in found["ada"].files[f"{WEEK}/{NOTEBOOK}.ipynb"]


def test_the_commands_say_what_to_do_where_nothing_can_be_done(course: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "grader.cli", "cohort", *words]
        named = {**os.environ, "COURSE_FOLDER": str(course), "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, env=named, capture_output=True, text=True, timeout=120, check=False)

    for words, sentence in (
        (("grade",), "submitted/ is empty"),
        (("grade", "week9"), "week9"),
        (("export", "-o", "x.pdf"), "neither a .csv nor a .json"),
        (("report",), "`course cohort grade` comes first"),
        (("collect", WEEK, "nowhere"), "does not exist"),
    ):
        done = run(*words)
        assert (done.returncode, sentence in done.stderr) == (2, True), done.stderr


def test_without_a_sandbox_that_is_said_before_anything_of_theirs_is_run(course: Path, tmp_path: Path) -> None:
    submit(course, "ada", {})
    (tmp_path / "bin").mkdir()
    for name in ("redis-server", "git"):
        if found := shutil.which(name):
            (tmp_path / "bin" / name).symlink_to(found)
    named = {**os.environ, "COURSE_FOLDER": str(course), "PYTHONPATH": str(ROOT), "PATH": str(tmp_path / "bin")}
    command = [sys.executable, "-m", "grader.cli", "cohort", "grade", WEEK, "--jobs", "1"]
    refused = subprocess.run([*command, "--sandbox", "any"], env=named, capture_output=True, text=True, check=False)
    assert (refused.returncode, "THERE IS NO SANDBOX" in refused.stderr) == (2, True), refused.stderr
    assert rows(room(course), [WEEK]) == []
    done = subprocess.run(command, env=named, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert 0 <= done.stderr.find("THERE IS NO SANDBOX") < done.stderr.find(f"{WEEK} ada: 0 of")
    assert "Advisory: there was no sandbox" in done.stdout
    assert [r["advisory"] for r in rows(room(course), [WEEK])] == [True] * len(rows(room(course), [WEEK]))
