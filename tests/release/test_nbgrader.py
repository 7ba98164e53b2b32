"""nbgrader's own flow on the course: release, autograde, feedback, export, and the two traps with extra files."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from grader.authoring.exercises import Sources
from grader.checks import Exercise
from tests.release.conftest import Run, submit

LEAKS = re.compile(r"BEGIN SOLUTION|END SOLUTION|BEGIN HIDDEN TESTS|BEGIN MARK SCHEME")


@pytest.fixture(scope="module")
def released(nbgrader: Run, course: Path) -> Path:
    nbgrader("generate_assignment", "week1")
    return course / "notebooks" / "week1"


def answers(exercises: list[Exercise], sources: dict[str, Sources]) -> tuple[dict[str, str], dict[str, str]]:
    """The solutions of `exercises` as a learner would hand them in: cells by id, files by name."""
    cells = {e.cell_id: sources[e.slug].solution for e in exercises if e.file is None}
    files = {e.file: f"# written by the learner\n{sources[e.slug].solution}" for e in exercises if e.file is not None}
    return {k: re.sub(r"^\s*### (BEGIN|END) SOLUTION\n?", "", v, flags=re.M) for k, v in cells.items()}, files


@pytest.fixture(scope="module")
def graded(
    released: Path, nbgrader: Run, course: Path, week1: list[Exercise], sources: dict[str, Sources]
) -> dict[str, float]:
    """Autograde a right, a half-right and an empty submission, the last two incomplete; the expected points of each."""
    # Whole notebooks: within one, an answer may build on those before it.
    half = [e for e in week1 if e.notebook.startswith("week1/02")]
    submit(course, "right", *answers(week1, sources))
    submit(course, "half", *answers(half, sources), only="0[23]*")
    submit(course, "empty", {}, only="02*")
    nbgrader("autograde", "week1")
    return {"right": sum(e.points for e in week1), "half": sum(e.points for e in half), "empty": 0}


def test_a_release_holds_no_solution_and_no_model_file(released: Path, sources: dict[str, Sources]) -> None:
    files = [p for p in released.rglob("*") if p.is_file()]
    assert files
    assert [p.name for p in files if LEAKS.search(p.read_text(encoding="utf-8"))] == []
    assert {p.suffix for p in files} <= {".ipynb", ".py"}, "only notebooks and the files learners edit are released"
    assert not list(released.rglob("wrong"))


def test_every_answer_cell_of_the_release_is_the_starter(
    released: Path, week1: list[Exercise], sources: dict[str, Sources]
) -> None:
    cells = {
        c["id"]: "".join(c["source"])
        for p in released.glob("*.ipynb")
        for c in json.loads(p.read_text(encoding="utf-8"))["cells"]
    }
    for e in week1:
        if e.file is None:
            assert cells[e.cell_id].strip() == sources[e.slug].starter.strip(), e.slug
        else:
            assert (released / e.file).read_text(encoding="utf-8") == sources[e.slug].starter


def test_scores_are_the_expected_ones(graded: dict[str, float], course: Path) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis") as gradebook:
        found = {s: gradebook.find_submission("week1", s).score for s in graded}
    assert found == graded


def test_a_learners_file_is_graded_and_not_replaced_by_the_model(
    graded: dict[str, float], course: Path, week1: list[Exercise]
) -> None:
    files = [e.file for e in week1 if e.file is not None]
    assert files, "the trap needs an exercise that is answered in a file"
    for name in files:
        mine = (course / "autograded" / "right" / "week1" / name).read_text(encoding="utf-8")
        assert mine.startswith("# written by the learner")
        untouched = (course / "autograded" / "empty" / "week1" / name).read_text(encoding="utf-8")
        assert "NotImplementedError" in untouched


def test_a_learner_who_empties_a_check_is_still_checked(
    released: Path, graded: dict[str, float], nbgrader: Run, course: Path, week1: list[Exercise]
) -> None:
    checks = {f"{e.cell_id}-check": "pass" for e in week1}
    submit(course, "emptied", checks, only="0[23]*")
    nbgrader("autograde", "week1", "--student", "emptied")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis") as gradebook:
        assert gradebook.find_submission("week1", "emptied").score == 0


def test_feedback_shows_the_card_and_export_the_marks(graded: dict[str, float], nbgrader: Run, course: Path) -> None:
    nbgrader("generate_feedback", "week1")
    page = next((course / "feedback" / "right" / "week1").glob("02-*.html")).read_text(encoding="utf-8")
    assert "rc-card" in page
    assert "Count page views" in page
    nbgrader("export")
    with (course / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert {s: rows[s] for s in graded} == graded


def test_validate_names_the_failing_cells(released: Path, nbgrader: Run) -> None:
    said = nbgrader("validate", str(released / "02-strings-and-counters.ipynb")).stdout
    assert "failed" in said
    assert "week1.page-views" in said
