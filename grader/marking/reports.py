"""What `course grade` found, as other programs read it: JSON (``grade-1.json`` in the schema folder) and JUnit XML.

People read `grader.marking.summary` (Markdown) and the terminal, GitHub reads `grader.marking.github`.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grader
from grader.checks.session import Promise
from grader.marking.answer_lines import Place
from grader.marking.marks import Marks
from grader.marking.printable import one_line, printable, shortened
from grader.marking.receipts import course_digest
from grader.marking.result import ExerciseResult

KIND = "course-grade-1"
SCHEMA = "grade-1"


@dataclass(slots=True)
class GradeReport:
    """The marks of one submission, and where each answer is: slug -> a line of a file below the submission's root.

    `commit` is the one that was read, or empty; `receipt` the receipt, where this course marked it itself.
    """

    marks: Marks
    places: dict[str, Place] = field(default_factory=dict)
    commit: str = ""
    receipt: dict[str, Any] | None = None

    @property
    def results(self) -> list[ExerciseResult]:
        """The result of each exercise."""
        return self.marks.results

    @property
    def uncertain(self) -> int:
        """Points that could not be judged, through no fault of the answers."""
        return self.marks.uncertain

    def place(self, result: ExerciseResult) -> Place:
        """Where the answer of `result` is."""
        return self.places.get(result.slug) or Place("notebooks")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: a learner's text as it was, each cut to what the schema allows."""
        marks = self.marks
        return {
            "kind": KIND,
            "learner": shortened(marks.learner, 200) or "?",
            "submission": {"digest": marks.digest, "commit": self.commit},
            "course": {"version": marks.course or grader.__version__, "digest": course_digest()},
            "python": marks.python,
            "redis": marks.redis,
            "sandbox": marks.sandbox,
            "advisory": marks.advisory,
            "partial": marks.partial,
            "graded": datetime.now(UTC).isoformat(timespec="seconds"),
            "earned": marks.earned,
            "possible": marks.possible,
            "uncertain": marks.uncertain,
            "notes": _texts(marks.notes, 200, 1000),
            "results": [self._result(r) for r in marks.results],
        }

    def _result(self, r: ExerciseResult) -> dict[str, Any]:
        place = self.place(r)
        return {
            "slug": r.slug,
            "title": shortened(r.title, 200),
            "status": r.status,
            "earned": r.earned,
            "points": r.points,
            "seconds": round(r.seconds, 3),
            "misconception": r.misconception,
            "note": shortened(r.note, 2000),
            "printed": shortened(r.printed, 6000),
            "file": place.file,
            "line": place.line,
            "repairs": _texts(self.marks.repairs.get(r.slug, []), 50, 1000),
            "promises": [_promise(p) for p in r.promises[:200]],
        }


def as_json(report: GradeReport) -> str:
    """The JSON report. It is ASCII: half a surrogate pair that an answer printed still is JSON."""
    text = json.dumps(report.to_dict(), indent=2, ensure_ascii=True, allow_nan=False)
    # A runner looks for its old kind of command anywhere in a line; in a string this is the same character.
    return text.replace("##[", "#\\u0023[") + "\n"


def as_junit(report: GradeReport) -> bytes:
    """JUnit XML: a suite a week, a case an exercise."""
    top = ElementTree.Element("testsuites", name="course")
    weeks: dict[str, list[ExerciseResult]] = {}
    for r in report.results:
        weeks.setdefault(r.slug.partition(".")[0], []).append(r)
    for week, results in weeks.items():
        suite = ElementTree.SubElement(
            top,
            "testsuite",
            name=week,
            tests=str(len(results)),
            failures=str(sum(r.status in {"wrong", "todo"} for r in results)),
            errors=str(sum(r.status == "error" for r in results)),
            skipped=str(sum(r.status == "skipped" for r in results)),
            time=f"{sum(r.seconds for r in results):.3f}",
        )
        for r in results:
            case = ElementTree.SubElement(suite, "testcase", classname=week, name=r.slug, time=f"{r.seconds:.3f}")
            if r.slug in report.places:
                case.set("file", report.place(r).file)
                case.set("line", str(report.place(r).line))
            if r.status != "solved":
                kind = {"skipped": "skipped", "error": "error"}.get(r.status, "failure")
                found = ElementTree.SubElement(case, kind, message=printable(reason(r)))
                first = r.first_broken
                found.text = printable("\n".join([*first.where, *first.sent])) if first is not None else None
    return bytes(ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)) + b"\n"


def reason(result: ExerciseResult) -> str:
    """Why an exercise is not solved: a line or more, a learner's text in it as it was."""
    first = next((p for p in result.promises if p.status in {"broken", "error"}), None)
    if first is None:
        return result.note
    expected = f"expected {first.expected}; " if first.expected else ""
    name = f" [{first.misconception}]" if first.misconception else ""
    return f"{first.text} {expected}{first.happened}{name}"


def totals(report: GradeReport) -> str:
    """``12 of 51 points, 7 of 28 exercises solved``."""
    solved = sum(r.status == "solved" for r in report.results)
    marks = report.marks
    return f"{marks.earned:g} of {marks.possible} points, {solved} of {len(report.results)} exercises solved"


def caveats(report: GradeReport) -> list[str]:
    """What whoever reads the points has to know, a sentence each."""
    said = []
    if report.uncertain:
        said.append(
            f"{report.uncertain} points could not be judged: the grader failed there, not the answer. "
            "Nothing was taken off for it; somebody has to look."
        )
    if report.marks.advisory:
        said.append("Advisory: the answers ran in ordinary processes with deadlines, not in a sandbox.")
    if report.marks.partial:
        said.append(
            "With partial credit: a wrong answer earns its share for the promises it keeps before the first broken one."
        )
    return said


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place at once. A link of that name is replaced, not followed.

    Raises:
        OSError: when it cannot be written; then nothing has changed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _promise(p: Promise) -> dict[str, Any]:
    return {
        "name": shortened(p.name, 200),
        "text": shortened(p.text, 1000),
        "status": p.status,
        "kind": p.kind,
        "expected": shortened(p.expected, 2000),
        "happened": shortened(p.happened, 2000),
        "misconception": p.misconception,
        "where": _texts(p.where, 20, 500),
        "sent": _texts(p.sent, 100, 500),
    }


def _texts(texts: Iterable[str], most: int, longest: int) -> list[str]:
    return [shortened(one_line(t) if "\n" in t else t, longest) for t in list(texts)[:most]]
