"""From submitted/ to the gradebook: verdicts, what a person gave, what is known already, late work."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from available import lacking
from nbgrader.api import Gradebook
from rich.console import Console

from grader.checks import Exercise
from grader.cohort.collecting import collect
from grader.cohort.errors import CohortError
from grader.cohort.export import rows
from grader.cohort.feedback import feedback
from grader.cohort.grading import grade, local
from grader.cohort.kept import MarksFolder
from grader.cohort.receipts import write_receipts
from grader.cohort.report import summary
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult
from grader.marking.sandbox import choose
from tests.cohort.kit import (
    BULK_READ,
    NOTEBOOK,
    PAGE_VIEWS,
    RIGHT_TOOL,
    SLUGS,
    TINY_CLIENT,
    WEEK,
    dump,
    half_right,
    pages,
    points,
    result,
    room,
    say,
    score,
    six,
    solutions,
    status,
    submit,
)

CHECK = "week1-page-views-check"


def book_of(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course / 'gradebook.db'}", "redis")


def output_of(course: Path, student: str, cell_id: str) -> str:
    """What formgrader will show below a check."""
    notebook = json.loads((course / "autograded" / student / WEEK / f"{NOTEBOOK}.ipynb").read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["id"] == cell_id)
    found: str = cell["outputs"][0]["data"]["text/html"]
    return found


def test_six_learners_come_in_are_marked_and_get_their_feedback(course: Path, tmp_path: Path) -> None:
    six(course, tmp_path / "downloads")
    here = room(course)
    assert {c.student for c in collect(here, WEEK, tmp_path / "downloads").collected} == {
        "right", "half", "empty", "broken", "hostile",
    }  # fmt: skip
    outcome = grade(here, [WEEK], local(here, [WEEK], 2))
    assert {g.student: g.score for g in outcome.graded} == {
        "right": sum(points(s) for s in SLUGS),
        "half": points(PAGE_VIEWS),
        "empty": 0,
        "broken": points(TINY_CLIENT) + points(RIGHT_TOOL),
        "hostile": sum(points(s) for s in SLUGS) - points(PAGE_VIEWS),
    }
    assert {g.student: score(course, g.student) for g in outcome.graded} == {g.student: g.score for g in outcome.graded}
    assert not any(g.errors for g in outcome.graded)
    assert 'data-status="solved"' in output_of(course, "right", CHECK)
    assert 'data-status="wrong"' in output_of(course, "hostile", CHECK)
    assert feedback(here, [WEEK]) == 5
    assert {row["student"] for row in rows(here, [WEEK])} == {g.student for g in outcome.graded}
    with book_of(course) as book:
        book.add_student("missing")
        assert {s["id"]: s["score"] for s in book.student_dicts()} == {
            "missing": 0,
            **{g.student: g.score for g in outcome.graded},
        }


def test_a_grader_error_has_no_score_and_waits_for_a_person(course: Path) -> None:
    submit(course, "ada", {})
    outcome = grade(room(course), [WEEK], say(lambda _, e: result(e, "error" if e.slug == PAGE_VIEWS else "solved")))
    with book_of(course) as book:
        found = book.find_grade(CHECK, NOTEBOOK, WEEK, "ada")
        assert (found.auto_score, found.needs_manual_grade) == (None, True)
        other = book.find_grade("week1-bulk-read-check", NOTEBOOK, WEEK, "ada")
        assert (other.auto_score, other.needs_manual_grade) == (points(BULK_READ), False)
    assert outcome.graded[0].errors == (PAGE_VIEWS,)
    assert PAGE_VIEWS in outcome.graded[0].by_hand


def test_a_skipped_exercise_is_no_zero_and_no_gift(course: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(status("skipped")))
    with book_of(course) as book:
        found = book.find_grade(CHECK, NOTEBOOK, WEEK, "ada")
        assert (found.auto_score, found.needs_manual_grade) == (None, True)


def test_partial_credit_reaches_the_gradebook(course: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(lambda _, e: result(e, "wrong", 0.5)))
    assert score(course, "ada") == 2.0


def test_what_a_person_gave_survives_a_regrade_and_is_marked_for_review(course: Path) -> None:
    folder = submit(course, "ada", {PAGE_VIEWS: "pass"})
    grade(room(course), [WEEK], say(status("wrong")))
    with book_of(course) as book:
        found = book.find_grade(CHECK, NOTEBOOK, WEEK, "ada")
        found.manual_score, found.extra_credit, found.needs_manual_grade = 1.5, 0.25, False
        book.find_comment("week1-page-views", NOTEBOOK, WEEK, "ada").manual_comment = "Nearly."
        book.db.commit()
    before = dump(course)
    grade(room(course), [WEEK], say(status("wrong")))
    assert dump(course) == before, "nothing changed, so nothing is to be looked at again"
    (folder / "tinyclient.py").write_text("x = 1\n", encoding="utf-8")
    grade(room(course), [WEEK], say(status("solved")))
    with book_of(course) as book:
        found = book.find_grade(CHECK, NOTEBOOK, WEEK, "ada")
        assert (found.auto_score, found.manual_score, found.extra_credit) == (points(PAGE_VIEWS), 1.5, 0.25)
        assert (found.score, found.needs_manual_grade) == (1.75, True)
        assert book.find_comment("week1-page-views", NOTEBOOK, WEEK, "ada").comment == "Nearly."


def test_what_is_marked_is_not_marked_again_until_something_changes(course: Path) -> None:
    ada, _ = submit(course, "ada", {}), submit(course, "ben", {})
    asked: list[str] = []
    grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == ["ada", "ben"]
    asked.clear()
    outcome = grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == []
    assert all(g.kept for g in outcome.graded)
    (ada / "tinyclient.py").write_text("changed = True\n", encoding="utf-8")
    grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == ["ada"]
    asked.clear()
    grade(room(course), [WEEK], say(status("solved"), asked), force=True, students=["ben"])
    assert asked == ["ben"]


def test_a_grader_error_is_tried_again_on_the_next_run(course: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(status("error")))
    grade(room(course), [WEEK], say(status("solved")))
    assert score(course, "ada") == sum(points(s) for s in SLUGS)


def test_marks_of_another_version_of_the_course_are_not_believed(course: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(status("solved")))
    path = MarksFolder(course / ".course" / "marks").path(WEEK, "ada")
    kept = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**kept, "course": "0.0.1+another"}), encoding="utf-8")
    asked: list[str] = []
    grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == ["ada"]


@pytest.mark.parametrize("gone", ["autograded", "gradebook rows", "half a row"])
def test_what_is_missing_behind_kept_marks_is_made_whole_without_marking(course: Path, gone: str) -> None:
    submit(course, "ada", {PAGE_VIEWS: "x = 1"})
    submit(course, "ben", {})
    grade(room(course), [WEEK], say(status("solved")))
    before, files = dump(course), pages(course)
    with book_of(course) as book:
        if gone == "autograded":
            for path in (course / "autograded" / "ada" / WEEK).glob("02*.ipynb"):
                path.unlink()
        elif gone == "gradebook rows":
            book.remove_submission(WEEK, "ada")
        else:
            for grade_row in book.find_submission_notebook(NOTEBOOK, WEEK, "ada").grades:
                grade_row.auto_score, grade_row.needs_manual_grade = None, True
            book.db.commit()
    asked: list[str] = []
    grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == []
    assert dump(course) == before
    assert pages(course) == files


def test_with_partial_credit_marks_pages_and_receipts_say_so_and_without_it_all_is_marked_anew(course: Path) -> None:
    submit(course, "ada", {PAGE_VIEWS: half_right()})
    here = room(course)
    marks = MarksFolder(here.own / "marks")

    def run(partial: bool) -> tuple[float, bool, int]:
        outcome = grade(here, [WEEK], local(here, [WEEK], 1, partial=partial), partial=partial)
        (one,) = outcome.graded
        return one.score, one.kept, outcome.other_credit

    assert run(False) == (0.0, False, 0)
    assert run(True) == (0.5, False, 1)
    assert run(True) == (0.5, True, 0)
    assert score(course, "ada") == 0.5
    assert "Partly right" in output_of(course, "ada", CHECK)
    assert "0.5 of 2 points" in output_of(course, "ada", CHECK)
    assert {row["partial"] for row in rows(here, [WEEK])} == {True}
    kept = marks.read(WEEK, "ada")
    assert kept is not None
    said = io.StringIO()
    Console(file=said, width=200).print(summary([kept.marks, Marks("ben", "d", kept.marks.results)], here.exercises))
    assert "Marks with partial credit: 1, without: 1." in said.getvalue()
    (made,), _ = write_receipts(here, [WEEK], course / "receipts")
    assert json.loads(made.read_text())["partial"] is True
    assert run(False) == (0.0, False, 1)
    assert "Partly right" not in output_of(course, "ada", CHECK)


def test_what_no_sandbox_held_is_marked_again_where_one_is_asked_for(course: Path) -> None:
    best = choose().name
    if best == "none":
        lacking("sandbox", "there is no sandbox on this machine")
    submit(course, "ada", {PAGE_VIEWS: solutions()[PAGE_VIEWS]})
    here = room(course)
    marks = MarksFolder(here.own / "marks")

    def run(kind: str, trusted: bool) -> tuple[bool, bool]:
        (one,) = grade(here, [WEEK], local(here, [WEEK], 1, sandbox=kind), trusted=trusted).graded
        return one.kept, one.advisory

    assert run("none", False) == (False, True)
    assert run("", False) == (True, True), "known before, and said to be advisory again"
    assert run("any", True) == (False, False)
    kept = marks.read(WEEK, "ada")
    assert kept is not None
    assert (kept.marks.sandbox, kept.marks.earned) == (best, points(PAGE_VIEWS))
    with pytest.raises(CohortError, match="There is no sandbox called 'sandcastle'"):
        grade(here, [WEEK], local(here, [WEEK], 1, sandbox="sandcastle"), force=True)


def test_a_written_answer_waits_for_a_person_and_an_empty_one_does_not(course: Path) -> None:
    submit(course, "ada", {"week1-written-choice": "Redis, because it *counts*. <script>alert(1)</script>"})
    submit(course, "ben", {})
    grade(room(course), [WEEK], say(status("solved")))
    with book_of(course) as book:
        found = {
            student: book.find_grade("week1-written-choice", "01-is-redis-the-right-tool", WEEK, student)
            for student in ("ada", "ben")
        }
        assert {s: (g.auto_score, g.needs_manual_grade) for s, g in found.items()} == {
            "ada": (None, True),
            "ben": (0.0, False),
        }
        assert book.find_comment("week1-page-views", NOTEBOOK, WEEK, "ben").comment == "No response."


def test_lateness_costs_what_nbgraders_plugin_says(course: Path) -> None:
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write('\nc.LateSubmissionPlugin.penalty_method = "zero"\n')
    for student, day in (("ada", 1), ("ben", 3)):
        (submit(course, student, {}) / "timestamp.txt").write_text(f"2026-12-0{day} 10:00:00.000000 UTC\n")
    with book_of(course) as book:
        book.update_or_create_assignment(WEEK, duedate="2026-12-02 10:00:00 UTC")
    outcome = grade(room(course), [WEEK], say(status("solved")))
    whole = sum(points(s) for s in SLUGS)
    assert {g.student: (g.late, g.penalty) for g in outcome.graded} == {"ada": (0, 0), "ben": (86_400, whole)}
    with book_of(course) as book:
        assert book.find_submission(WEEK, "ben").late_submission_penalty == whole
        assert book.find_submission(WEEK, "ben").score == whole


def test_nothing_of_a_learners_notebook_but_the_text_of_cells_is_taken(course: Path) -> None:
    folder = submit(course, "ada", {PAGE_VIEWS: "x = 1"})
    path = folder / f"{NOTEBOOK}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"].setdefault("nbgrader", {})["points"] = 1000
        if cell["id"] == CHECK:
            cell["source"] = "pass"
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "forged"}]
    evil = {"cell_type": "markdown", "metadata": {"forged": 1}, "id": "mine", "source": "````\n<script>evil()</script>"}
    notebook["cells"].append(evil)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    grade(room(course), [WEEK], say(status("wrong")))
    made = json.loads((course / "autograded" / "ada" / WEEK / path.name).read_text(encoding="utf-8"))
    released = json.loads((course / "notebooks" / WEEK / path.name).read_text(encoding="utf-8"))
    metadata = {c["id"]: c["metadata"] for c in released["cells"]}
    assert {c["id"]: c["metadata"] for c in made["cells"] if c["id"] in metadata} == metadata
    sources = {c["id"]: "".join(c["source"]) for c in made["cells"]}
    assert sources["week1-page-views"] == "x = 1"
    assert sources[CHECK] == 'check("week1.page-views")'
    own = [c for c in made["cells"] if c["id"] not in metadata]
    assert [c["metadata"] for c in own] == [{}]
    assert own[0]["source"].startswith("`````text\n"), "a fence that the learner's own cannot close"
    assert "forged" not in path.with_name(path.name).name + json.dumps(made)


def test_what_a_learner_wrote_is_text_in_a_card(course: Path) -> None:
    submit(course, "ada", {})
    loud = "<script>steal()</script> \x1b[31m \u202e $x$"

    def verdict(_: str, e: Exercise) -> ExerciseResult:
        found = result(e, "wrong", note=loud)
        found.printed = loud
        return found

    grade(room(course), [WEEK], say(verdict))
    html = output_of(course, "ada", CHECK)
    assert "<script" not in html
    assert "&lt;script&gt;steal()" in html
    assert "\x1b" not in html and "\u202e" not in html and "$" not in html


def test_folders_that_are_no_students_name_are_told_and_passed_over(course: Path) -> None:
    submit(course, "ada", {})
    submit(course, "<b>eve", {})
    outcome = grade(room(course), [WEEK], say(status("solved")))
    assert [g.student for g in outcome.graded] == ["ada"]
    assert len(outcome.passed_over) == 1 and "<b>eve" in outcome.passed_over[0]


def test_an_assignment_that_is_not_released_is_told_before_anything_is_marked(course: Path) -> None:
    submit(course, "ada", {})
    with book_of(course) as book:
        book.remove_assignment(WEEK)
    asked: list[str] = []
    with pytest.raises(CohortError, match="course cohort release week1"):
        grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == []


def test_a_release_that_somebody_worked_in_is_told_before_anything_is_marked(course: Path) -> None:
    submit(course, "ada", {})
    path = course / "notebooks" / WEEK / f"{NOTEBOOK}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    next(c for c in notebook["cells"] if c["id"] == "week1-page-views")["source"] = solutions()[PAGE_VIEWS]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    asked: list[str] = []
    with pytest.raises(CohortError, match=r"was worked in: the answer of week1\.page-views"):
        grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == []


def test_right_answers_are_there_for_the_whole_of_the_small_course() -> None:
    assert set(solutions()) == set(SLUGS)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_a_new_submission_has_the_rows_that_nbgrader_would_make(course: Path) -> None:
    submit(course, "ada", {})
    grade(room(course), [WEEK], say(status("solved")))
    with book_of(course) as book:
        book.add_student("ben")
        book.add_submission(WEEK, "ben")
    all_rows = dump(course)
    for table in ("notebooks", "grades", "comments"):
        names = {s: sorted(row[1:3] if table != "notebooks" else row[1:2] for row in all_rows[table] if row[0] == s)
                 for s in ("ada", "ben")}  # fmt: skip
        assert names["ada"] == names["ben"] != []
