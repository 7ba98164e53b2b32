"""Assignments whose answer is a server: one a week, ``miniredis-week1`` and so on, a point for each of its stages.

To gradebook, pages, exports and report a stage is an exercise like any other: `everything` has both in one catalog.
What is handed in is the folder ``miniredis/``. The notebook with the stages' checks, which nbgrader needs for its
points and formgrader to show them, is made here and handed out to nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from grader.checks import Catalog, Exercise, catalog
from grader.checks.catalog import Notebook
from grader.checks.stages.catalog import Stage, stages
from grader.checks.stages.reference import PACKAGE
from grader.cohort.card import FeedbackCard
from grader.cohort.kept import Kept
from grader.marking.printable import printable
from grader.marking.receipts import STAGE_POINTS
from grader.marking.stage_marks import Bounds, most_seconds
from grader.marking.submission import Submission

PREFIX = f"{PACKAGE}-"
NOTEBOOK = "server"
"""The one notebook of such an assignment."""
_HANDED_IN = "mini-handed-in"  # nbgrader has a place for a comment below a cell for answers only
_MOST_NAMES = 200


@dataclass(frozen=True, slots=True)
class StageExercise(Exercise):
    """A stage in an assignment: `assignment` is ``miniredis-week1``."""

    assignment: str = ""

    @property
    def week(self) -> str:
        """The assignment."""
        return self.assignment


def is_server(assignment: str) -> bool:
    """Whether what is handed in for `assignment` is a server."""
    return assignment.startswith(PREFIX)


@lru_cache(maxsize=1)
def everything() -> Catalog:
    """The course's exercises, and behind them the stages that can be built, week by week."""
    notebooks, by_slug = list(catalog().notebooks), dict(catalog().by_slug)
    for week in stages().weeks:
        found = [_exercise(s) for s in stages().open if s.week == week]
        if found:
            title = f"Your own Redis, week {week.removeprefix('week')}"
            notebooks.append(Notebook(found[0].notebook, title, "", tuple(found)))
            by_slug |= {e.slug: e for e in found}
    return Catalog(tuple(notebooks), by_slug)


def _exercise(stage: Stage) -> StageExercise:
    return StageExercise(
        slug=stage.slug,
        title=stage.title,
        points=STAGE_POINTS,
        minutes=0,
        kind="build",
        notebook=f"{PREFIX}{stage.week}/{NOTEBOOK}",
        lesson="",
        names=(),
        hints=stage.hints,
        misconceptions=dict(stage.misconceptions),
        learnt=stage.learnt,
        onward="",
        check=stage.path,
        needs=stage.redis or None,
        assignment=f"{PREFIX}{stage.week}",
    )


def longest_wait(slugs: Iterable[str]) -> float:
    """How many seconds marking may say nothing where some of `slugs` are stages: the longest of them, and some."""
    found = [most_seconds(stages()[slug], Bounds()) for slug in slugs if slug in stages().by_slug]
    return 60.0 + max(found) if found else 0.0


def only_server(submission: Submission) -> Submission:
    """`submission` without all that is not of its server."""
    files = {name: data for name, data in submission.files.items() if name.startswith(f"{PACKAGE}/")}
    return Submission(submission.learner, files, submission.notes)


def source_notebook(assignment: str, exercises: Iterable[Exercise]) -> str:
    """The notebook of an assignment as nbgrader's source: a cell with a point for each stage."""
    title = f"Your own Redis, week {assignment.removeprefix(PREFIX).removeprefix('week')}"
    about = f"# {title}\n\nWhat is handed in is the folder `{PACKAGE}/`: a point for each stage that is as Redis is."
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "id": "mini-about", "metadata": {}, "source": about},
    ]
    for e in exercises:
        name = f"{e.cell_id}-check"
        cells.append(_cell(name, f'check("{e.slug}")', _marked(name, grade=True, locked=True, points=e.points)))
    cells.append(_cell(_HANDED_IN, _listing({}), _marked(_HANDED_IN, solution=True)))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, sort_keys=True) + "\n"


def rebuild(
    release: dict[str, Any],
    exercises: Iterable[Exercise],
    submission: Submission,
    kept: Kept,
    notes: list[dict[str, Any]],
) -> dict[str, Any]:
    """The notebook that formgrader and feedback show of a submission: our verdict below each check, `notes` on top.

    Args:
        release: what `source_notebook` became in nbgrader's hands, as JSON.
        exercises: the assignment's.
        submission: what was handed in; nothing but its files' names and sizes is shown.
        kept: its marks.
        notes: cells that go in front.
    """
    results = {r.slug: r for r in kept.marks.results}
    by_check = {f"{e.cell_id}-check": e for e in exercises}
    cells = [*notes]
    for number, cell in enumerate(cells):
        cell.setdefault("id", f"own-{number}")
    for original in release["cells"]:
        cell = dict(original)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        if cell["id"] == _HANDED_IN:
            cell["source"] = _listing({n: len(data) for n, data in submission.files.items()})
        e = by_check.get(cell["id"])
        if e is not None and e.slug in results:
            card = FeedbackCard(e, results[e.slug])
            data = {"text/html": card.html(), "text/plain": card.text()}
            cell["outputs"] = [{"output_type": "display_data", "metadata": {}, "data": data}]
        cells.append(cell)
    return {**release, "cells": cells, "metadata": {**release["metadata"], "course": {"marks": kept.fingerprint()}}}


def _listing(sizes: dict[str, int]) -> str:
    lines = [f"# {printable(name)}  {size:,} bytes" for name, size in sorted(sizes.items())]
    more = [f"# and {len(lines) - _MOST_NAMES:,} more"] if len(lines) > _MOST_NAMES else []
    return "\n".join(["# What was handed in:", *(lines[:_MOST_NAMES] or ["# nothing"]), *more])


def _cell(name: str, source: str, about: dict[str, Any]) -> dict[str, Any]:
    metadata = {"nbgrader": about}
    return {
        "cell_type": "code", "id": name, "metadata": metadata, "source": source, "outputs": [], "execution_count": None,
    }  # fmt: skip


def _marked(name: str, **more: Any) -> dict[str, Any]:
    plain = {"grade": False, "locked": False, "solution": False, "task": False, "schema_version": 3}
    return {**plain, "grade_id": name, **more}
