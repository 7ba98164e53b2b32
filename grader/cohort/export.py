"""The gradebook as a table for spreadsheets and programs: one row a student and exercise, CSV or JSON.

A text that a spreadsheet would take for a formula gets an apostrophe in front: learners choose their names and what
their code says.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from grader.cohort.classroom import Classroom
from grader.cohort.gradebook import GradebookWriter, Row
from grader.cohort.kept import MarksFolder
from grader.marking.marks import Marks
from grader.marking.printable import one_line

COLUMNS = (
    "week", "student", "exercise", "title", "status", "score", "auto_score", "manual_score", "extra_credit", "points",
    "needs_manual_grade", "seconds_late", "misconception", "happened", "note", "advisory", "partial", "digest",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MOST = 500


def rows(room: Classroom, weeks: list[str]) -> list[dict[str, Any]]:
    """One row a student and exercise, in the order of weeks, names and the course; keys are `COLUMNS`.

    `score` counts: the manual one where there is one, plus extra credit; None while only a person can say it. Late
    penalties are the whole notebook's and not in it. An exercise that the gradebook holds and no check marks (a written
    answer) has the status ``written``.

    Raises:
        CohortError: when the gradebook cannot be read.
    """
    marks = MarksFolder(room.own / "marks")
    found: list[dict[str, Any]] = []
    with room.gradebook() as book:
        writer = GradebookWriter(room, book)
        for week in weeks:
            points = writer.points(week)
            for student in writer.students(week):
                kept = marks.read(week, student)
                held, late = writer.rows(week, student), writer.lateness(week, student)[0]
                found += _of_student(room, week, student, kept.marks if kept else None, held, points, late)
    return found


def _of_student(
    room: Classroom,
    week: str,
    student: str,
    marks: Marks | None,
    held: dict[str, Row],
    points: dict[str, float],
    late: float,
) -> list[dict[str, Any]]:
    by_cell = {f"{e.cell_id}-check": e for e in room.assigned(week)}
    results = {r.slug: r for r in marks.results} if marks is not None else {}
    order = [*by_cell, *sorted(set(held) - set(by_cell))]
    out = []
    for cell in (c for c in order if c in held):
        e, row = by_cell.get(cell), held[cell]
        result = results.get(e.slug) if e is not None else None
        first = result.first_broken if result is not None else None
        judged = row.manual is not None or row.auto is not None
        out.append(
            {
                "week": week,
                "student": student,
                "exercise": e.slug if e is not None else cell,
                "title": e.title if e is not None else "",
                "status": result.status if result is not None else "written" if e is None else "",
                "score": row.score if judged else None,
                "auto_score": row.auto,
                "manual_score": row.manual,
                "extra_credit": row.extra,
                "points": points.get(cell),
                "needs_manual_grade": row.needs,
                "seconds_late": late,
                "misconception": (result.misconception or "") if result is not None else "",
                "happened": one_line(first.happened, _MOST) if first is not None else "",
                "note": one_line(result.note, _MOST) if result is not None else "",
                "advisory": marks.advisory if marks is not None else None,
                "partial": marks.partial if marks is not None else None,
                "digest": marks.digest if marks is not None else "",
            }
        )
    return out


def as_json(found: list[dict[str, Any]]) -> str:
    """Rows as a JSON list."""
    return json.dumps(found, indent=1) + "\n"


def as_csv(found: list[dict[str, Any]]) -> str:
    """Rows as CSV with a head; what is not known is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in found:
        writer.writerow({name: harmless(value) for name, value in row.items()})
    return text.getvalue()


def harmless(value: Any) -> Any:
    """A text that no spreadsheet calculates with; anything but a text is as it is."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
