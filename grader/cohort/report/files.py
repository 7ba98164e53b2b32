"""From a folder of marks to a page on disk: what `course cohort report` calls."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.checks.catalog import Catalog
from grader.checks.catalog import catalog as own_catalog
from grader.cohort.report.answers import handed_out
from grader.cohort.report.page import TITLE, report
from grader.marking.marks import Marks
from grader.marking.place import NotInCourseError, course_folder
from grader.marking.submission import Submission


def read_marks(folder: Path) -> tuple[list[Marks], list[str]]:
    """All marks below `folder`, and a sentence for each JSON file that holds none.

    A file is `Marks.to_dict` as JSON, alone or under ``"marks"``.
    """
    found, problems = [], []
    for path in sorted(folder.rglob("*.json")):
        try:
            data = json.loads(path.read_bytes())
            found.append(Marks.from_dict(data.get("marks", data)))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            where = path.relative_to(folder).as_posix()
            problems.append(f"{where} holds no marks that can be read ({type(error).__name__}); mark it again.")
    return found, problems


def write_report(
    source: Path | Sequence[Marks],
    path: Path,
    submissions: Mapping[str, Submission] | None = None,
    *,
    catalog: Catalog | None = None,
    course: Path | None = None,
    lessons: str | None = None,
    title: str = TITLE,
) -> Path:
    """Write the page to `path`, whole or not at all; returns `path`.

    Args:
        source: a folder of marks (`read_marks`), or marks.
        path: the page to write; its folder is made if it is missing.
        submissions: learner -> what they handed in, to compare answers; None: they are not compared.
        catalog: the exercises; None: the course's own.
        course: the course's folder, for its lessons and what was given to learners; None: looked for from here.
        lessons: where links into the lessons lead; None: to the files of `course`.
        title: plain text.

    Raises:
        OSError: when `path` cannot be written.
    """
    marks, problems = read_marks(source) if isinstance(source, Path) else (list(source), [])
    if course is None:
        try:
            course = course_folder()
        except NotInCourseError:
            course = None
    path.parent.mkdir(parents=True, exist_ok=True)
    if lessons is None:
        lessons = Path(os.path.relpath(course, path.parent.resolve())).as_posix() if course is not None else ""
    made = report(
        marks,
        catalog or own_catalog(),
        submissions,
        release=handed_out(course / "notebooks") if course is not None and submissions is not None else None,
        lessons=lessons,
        title=title,
        warnings=problems,
    )
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_text(made, encoding="utf-8")
    unfinished.replace(path)
    return path
