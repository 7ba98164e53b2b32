"""Grading a folder: what it finds, what it counts, and the reports that other programs read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grader.checks import Exercise, catalog
from grader.checks.session import Promise
from grader.marking import ExerciseResult
from grader.marking.grade import GradeReport, NothingToGradeError, grade, reason, submission_root

RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'


@pytest.fixture
def page_views() -> Exercise:
    return catalog()["week1.page-views"]


@pytest.fixture
def submit(tmp_path: Path, page_views: Exercise) -> Callable[..., Path]:
    """Make a repository with an answer to page-views in it."""

    def write(text: str = RIGHT) -> Path:
        path = tmp_path / "repository" / "notebooks" / f"{page_views.notebook}.ipynb"
        path.parent.mkdir(parents=True)
        cell = {"cell_type": "code", "id": page_views.cell_id, "metadata": {}, "source": text, "outputs": []}
        path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return tmp_path / "repository"

    return write


def result(status: str, **more: object) -> ExerciseResult:
    points = 2
    return ExerciseResult("week1.a", "A", status, float(points * (status == "solved")), points, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("below", ["", "notebooks", "notebooks/week1", "notebooks/{}.ipynb"])
def test_a_repository_a_folder_a_week_and_a_notebook_are_found(
    submit: Callable[..., Path], page_views: Exercise, below: str
) -> None:
    repository = submit()
    assert submission_root(repository / below.format(page_views.notebook), [page_views]) == repository / "notebooks"


def test_a_folder_without_notebooks_says_what_was_looked_for(tmp_path: Path, page_views: Exercise) -> None:
    with pytest.raises(NothingToGradeError, match=r"looked for week1/.*\.ipynb there, in its notebooks/ and beside it"):
        submission_root(tmp_path, [page_views])
    with pytest.raises(NothingToGradeError, match="does not exist"):
        submission_root(tmp_path / "nowhere", [page_views])
    other = tmp_path / "essay.ipynb"
    other.write_text("{}")
    with pytest.raises(NothingToGradeError, match="none of the notebooks of the course"):
        submission_root(other, [page_views])


def test_a_right_answer_earns_its_points(submit: Callable[..., Path], page_views: Exercise) -> None:
    told: list[str] = []
    report = grade(submit(), catalog(), [page_views], lambda r: told.append(r.slug))
    assert (report.earned, report.possible, report.uncertain) == (page_views.points, page_views.points, 0)
    assert told == [page_views.slug]


def test_a_notebook_is_graded_for_its_own_exercises_only(submit: Callable[..., Path], page_views: Exercise) -> None:
    notebook = submit() / "notebooks" / f"{page_views.notebook}.ipynb"
    report = grade(notebook, catalog())
    assert {r.slug for r in report.results} == {e.slug for e in catalog().of_notebook(page_views.notebook)}


def test_what_is_missing_in_a_repository_counts_as_not_solved(submit: Callable[..., Path]) -> None:
    wanted = [catalog()["week1.page-views"], next(e for e in catalog() if e.notebook == "start-here")]
    report = grade(submit(), catalog(), wanted)
    assert [r.status for r in report.results].count("solved") == 1
    assert all(r.status in {"solved", "wrong"} for r in report.results)


def test_answers_run_in_a_process_of_their_own_with_a_deadline(
    submit: Callable[..., Path], page_views: Exercise, tmp_path: Path
) -> None:
    seen = tmp_path / "pid"
    text = (
        "def page_view(r, page):\n"
        f"    import os, pathlib\n    pathlib.Path({str(seen)!r}).write_text(str(os.getpid()))\n"
        "    while True: pass"
    )
    (found,) = grade(submit(text), catalog(), [page_views]).results
    assert "had not ended after" in reason(found)
    assert not Path(f"/proc/{seen.read_text()}").exists()


def test_a_failure_of_the_grader_is_uncertain_not_a_zero() -> None:
    report = GradeReport(Path("x"), [result("error", note="no Redis"), result("solved"), result("skipped")])
    assert (report.earned, report.possible, report.uncertain) == (2, 2, 2)


def test_the_json_report_is_json_whatever_an_answer_printed(tmp_path: Path) -> None:
    report = GradeReport(Path("x"), [result("wrong", printed="half a pair: \ud800, and \x00")])
    written, _ = report.write(tmp_path / "new" / "folder")
    found = json.loads(written.read_text(encoding="utf-8"))
    assert found["advisory"] is True
    assert found["results"][0]["printed"] == "half a pair: \ud800, and \x00"


def test_junit_has_a_suite_a_week_and_a_case_an_exercise(tmp_path: Path) -> None:
    broken = Promise(
        "test_a", "It counts.", "broken", "wrong", "5", "it returned \x1b[31m6 <&>", "off-by-one",
        ["line 2: return 6"], ["INCR a"],
    )  # fmt: skip
    report = GradeReport(
        Path("x"),
        [result("wrong", promises=[broken]), result("solved"), result("error", note="no Redis"), result("skipped")],
        {"week1.a": "notebooks/week1/a.ipynb"},
    )
    _, path = report.write(tmp_path)
    suite = ElementTree.parse(path).getroot()[0]
    assert {k: suite.get(k) for k in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "week1", "tests": "4", "failures": "1", "errors": "1", "skipped": "1",
    }  # fmt: skip
    wrong, solved, error, skipped = suite
    assert wrong.get("file") == "notebooks/week1/a.ipynb"
    assert wrong[0].tag == "failure"
    assert wrong[0].get("message") == "It counts. expected 5; it returned �[31m6 <&> [off-by-one]"
    assert wrong[0].text == "line 2: return 6\nINCR a"
    assert len(solved) == 0
    assert (error[0].tag, skipped[0].tag) == ("error", "skipped")
