"""Grade a folder or repository: find its notebooks, check them in workers, write reports for people and programs.

The results are advisory for now: the worker is a plain child process with a deadline, not a sandbox.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import grader
from grader.checks import Catalog, Exercise
from grader.marking.result import ExerciseResult
from grader.marking.terminal import check_notebooks


class NothingToGradeError(LookupError):
    """No notebook of the course is in the folder; the message says what was looked for and where."""


@dataclass(slots=True)
class GradeReport:
    """The results of one submission and their sums; points of exercises the grader could not judge are not counted
    as lost: `uncertain` holds them. `files` says where each answer was looked for, slug -> path below `path`."""

    path: Path
    results: list[ExerciseResult]
    files: dict[str, str] = field(default_factory=dict)

    @property
    def earned(self) -> float:
        """Points earned."""
        return sum(r.earned for r in self.results)

    @property
    def possible(self) -> int:
        """Points that could be judged: skipped exercises and grader errors are left out."""
        return sum(r.points for r in self.results if r.status not in {"skipped", "error"})

    @property
    def uncertain(self) -> int:
        """Points of exercises whose check failed through no fault of the answer."""
        return sum(r.points for r in self.results if r.status == "error")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "format": 1,
            "course": grader.__version__,
            "python": platform.python_version(),
            "graded": datetime.now(UTC).isoformat(timespec="seconds"),
            "submission": self.path.name,
            "advisory": True,
            "earned": self.earned,
            "possible": self.possible,
            "uncertain": self.uncertain,
            "results": [r.to_dict() for r in self.results],
        }

    def write(self, folder: Path) -> list[Path]:
        """Write ``grade.json`` and ``grade.xml`` (JUnit) to `folder`, made if need be; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        as_json, as_junit = folder / "grade.json", folder / "grade.xml"
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False) + "\n"
        # What an answer printed may hold half a surrogate pair; escaped so, it still is JSON.
        as_json.write_text(text, encoding="utf-8", errors="backslashreplace")
        as_junit.write_bytes(self.junit())
        return [as_json, as_junit]

    def junit(self) -> bytes:
        """JUnit XML: a suite a week, a case an exercise."""
        top = ElementTree.Element("testsuites", name="course")
        weeks: dict[str, list[ExerciseResult]] = {}
        for r in self.results:
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
                if r.slug in self.files:
                    case.set("file", self.files[r.slug])
                if r.status != "solved":
                    kind = {"skipped": "skipped", "error": "error"}.get(r.status, "failure")
                    found = ElementTree.SubElement(case, kind, message=_printable(reason(r)))
                    first = r.first_broken
                    found.text = _printable("\n".join([*first.where, *first.sent])) if first is not None else None
        return bytes(ElementTree.tostring(top, encoding="utf-8", xml_declaration=True)) + b"\n"


def reason(result: ExerciseResult) -> str:
    """Why an exercise is not solved, in one line."""
    first = next((p for p in result.promises if p.status in {"broken", "error"}), None)
    if first is None:
        return result.note
    expected = f"expected {first.expected}; " if first.expected else ""
    name = f" [{first.misconception}]" if first.misconception else ""
    return f"{first.text} {expected}{first.happened}{name}"


def _printable(text: str) -> str:
    """Without the control characters XML cannot hold."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def grade(
    path: Path,
    exercises: Catalog,
    wanted: Iterable[Exercise] | None = None,
    on_result: Callable[[ExerciseResult], None] | None = None,
) -> GradeReport:
    """Grade the submission in `path`: a checkout, a ``notebooks/`` folder, one week's folder, or one notebook.

    Args:
        path: where the submission is.
        exercises: the course's.
        wanted: what to grade; if None, all that `path` can hold: a week's folder only its week, a notebook only its
            own exercises. What is missing elsewhere counts as not solved.
        on_result: called with each result as it comes.

    Raises:
        NothingToGradeError: when none of the course's notebooks is there.
    """
    path = path.resolve()
    named = list(wanted) if wanted is not None else None
    root = submission_root(path, exercises if named is None else named)
    asked = named if named is not None else _held(path, root, exercises)
    results = check_notebooks(asked, root, on_result)
    return GradeReport(path, results, {e.slug: _relative(root / _answer_file(e), path) for e in asked})


def submission_root(path: Path, wanted: Iterable[Exercise]) -> Path:
    """The folder below which ``week1/02-….ipynb`` and the others lie.

    Raises:
        NothingToGradeError: when it is neither `path`, its ``notebooks/`` nor a folder above that.
    """
    names = sorted({f"{e.notebook}.ipynb" for e in wanted})
    path = path.resolve()
    if not path.exists():
        raise NothingToGradeError(f"{path} does not exist.")
    if path.is_file():
        for name in names:
            if path.as_posix().endswith(f"/{name}"):
                return path.parents[name.count("/")]
        raise NothingToGradeError(f"{path} is none of the notebooks of the course: {_some(names)}.")
    for folder in (path / "notebooks", path, path.parent):
        found = [n for n in names if (folder / n).is_file()]
        if found and (folder != path.parent or any(n.startswith(f"{path.name}/") for n in found)):
            return folder
    raise NothingToGradeError(
        f"There is no notebook of the course in {path}: looked for {_some(names)} there, in its notebooks/ and "
        "beside it."
    )


def _held(path: Path, root: Path, exercises: Catalog) -> list[Exercise]:
    """The exercises that `path` can hold, given that `root` is where the weeks lie."""
    if path.is_file():
        return [e for e in exercises if root / f"{e.notebook}.ipynb" == path]
    if path.parent == root and path != root / "notebooks":
        return [e for e in exercises if e.notebook.startswith(f"{path.name}/")]
    return list(exercises)


def _answer_file(e: Exercise) -> Path:
    notebook = Path(f"{e.notebook}.ipynb")
    return notebook if e.file is None else notebook.with_name(e.file)


def _relative(file: Path, path: Path) -> str:
    folder = path if path.is_dir() else path.parent
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
