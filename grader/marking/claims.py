"""Look whether a report from an untrusted job can be true, before anybody shows it as marks.

The job ran a stranger's code, so its report is a stranger's word: a claim. `course grade --validate` comes here in a
job that is trusted, which runs nothing of theirs. What cannot be true is refused; titles, points and sums are taken
from the course, not from the claim.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grader
from grader.checks import Catalog, Exercise
from grader.checks.session import Promise
from grader.marking.answer_lines import Place, answer_file
from grader.marking.marks import Marks
from grader.marking.receipts import course_digest
from grader.marking.reports import SCHEMA, GradeReport
from grader.marking.result import ExerciseResult, credit
from grader.marking.untrusted import UntrustedError, read_document

_MEMBER = "grade.json"
_ROUNDING = 1e-6


def read_claim(
    path: Path,
    exercises: Catalog,
    wanted: Iterable[Exercise] | None = None,
    commit: str = "",
    learner: str = "",
    *,
    partial: bool = False,
) -> GradeReport:
    """The report in `path`: a ``grade.json``, or a zip with one in it.

    Args:
        path: the file.
        exercises: the course's.
        wanted: the exercises it has to hold, no more and no less; all if None.
        commit: the commit it has to be of, as somebody trusted says; if empty, any.
        learner: the same for whose it is.
        partial: whether there is partial credit, as somebody trusted says.

    Raises:
        UntrustedError: when it is too large, not what the schema allows, of another course, commit or learner, or says
            what cannot be; the message says what.
    """
    claim = read_document(path, SCHEMA, _MEMBER)
    if claim["course"]["digest"] != course_digest():
        raise UntrustedError(
            "It is refused: it was made with other checks than those of this course "
            f"({claim['course']['digest'][:12]}…, not {course_digest()[:12]}…)."
        )
    if commit and claim["submission"]["commit"] != commit:
        raise UntrustedError(f"It is refused: it is of another commit than {commit}.")
    if learner and claim["learner"] != learner:
        raise UntrustedError("It is refused: it is of another learner.")
    if claim["partial"] != partial:
        if partial:
            raise UntrustedError("It is refused: it was marked without partial credit, and --partial asks for it.")
        raise UntrustedError(
            "It is refused: it was marked with partial credit, and nobody asked for that: --partial would."
        )
    asked = list(exercises) if wanted is None else list(wanted)
    if sorted(r["slug"] for r in claim["results"]) != sorted(e.slug for e in asked):
        raise UntrustedError("It is refused: it does not hold each exercise that was to be graded, once.")
    marks = Marks(claim["learner"], claim["submission"]["digest"], notes=claim["notes"])
    marks.sandbox, marks.advisory = claim["sandbox"], claim["advisory"]
    marks.partial = partial
    marks.course, marks.python, marks.redis = grader.__version__, claim["python"], claim["redis"]
    places = {}
    for raw in claim["results"]:
        exercise = exercises[raw["slug"]]
        marks.results.append(_result(raw, exercise, partial))
        marks.repairs[exercise.slug] = raw["repairs"]
        places[exercise.slug] = _place(raw, exercise)
    for name, value in (("earned", marks.earned), ("possible", marks.possible), ("uncertain", marks.uncertain)):
        if abs(claim[name] - value) > _ROUNDING:
            raise UntrustedError(f"It is refused: its sum of points {name} is not that of its exercises.")
    return GradeReport(marks, places, claim["submission"]["commit"])


def _result(raw: dict[str, Any], exercise: Exercise, partial: bool) -> ExerciseResult:
    status, earned = raw["status"], raw["earned"]
    if raw["points"] != exercise.points:
        raise UntrustedError(f"It is refused: {exercise.slug} is worth {exercise.points} points, not {raw['points']}.")
    promises = [Promise(**{**p, "misconception": _known(p["misconception"], exercise)}) for p in raw["promises"]]
    due = {"solved": float(exercise.points), "wrong": credit(promises, exercise.points) if partial else 0.0}
    if earned != due.get(status, 0.0):
        raise UntrustedError(f"It is refused: {exercise.slug} cannot be {status} and earn {earned:g} points.")
    if status == "solved" and (not promises or any(p.status not in {"kept", "skipped"} for p in promises)):
        raise UntrustedError(f"It is refused: {exercise.slug} cannot be solved with promises that were not kept.")
    return ExerciseResult(
        exercise.slug,
        exercise.title,
        status,
        float(earned),
        exercise.points,
        promises,
        raw["seconds"],
        raw["printed"],
        raw["note"],
    )


def _known(name: str | None, exercise: Exercise) -> str | None:
    if name is not None and name not in exercise.misconceptions:
        raise UntrustedError(f"It is refused: {exercise.slug} has no misconception of that name.")
    return name


def _place(raw: dict[str, Any], exercise: Exercise) -> Place:
    name = answer_file(exercise)
    if raw["file"] not in {name, f"notebooks/{name}"}:
        raise UntrustedError(f"It is refused: the answer of {exercise.slug} is not in such a file.")
    return Place(raw["file"], raw["line"])
