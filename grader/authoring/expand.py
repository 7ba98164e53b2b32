"""From a text notebook (MyST) to the instructor's notebook: short tags become nbgrader's metadata, ids are stable.

Tags, in a code cell as ``:course: KIND …``, in Markdown as ``+++ {"course": "KIND …"}``:

- ``solution SLUG``: the answer cell of an exercise. A check cell is put behind it.
- ``starter SLUG``: what the learner finds in the answer cell instead of an empty stub; written right behind the
  solution, and not a cell of its own in the notebook.
- ``setup``: imports and connections; locked.
- ``written ID POINTS``: a written answer, marked by a person.
- ``task ID POINTS``: a free task, marked by a person, with its mark scheme.

In Markdown, a heading ``### {SLUG}`` becomes the exercise's title and a line of facts about it; ``### {mini.SLUG}`` the
title and facts of a stage.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import Any

import jupytext
import nbformat

from grader.checks import Catalog, Exercise
from grader.checks.stages.catalog import stages

_HEADING = re.compile(r"^(#+) \{([a-z0-9.-]+)\}[ \t]*$", re.M)
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class SourceError(ValueError):
    """A text notebook cannot be expanded; the message names file, cell and what is wrong."""


def expand(source: Path, exercises: Catalog, notebook: str) -> Any:
    """Read the text notebook `source` and return the instructor's notebook (nbformat 4.5).

    Args:
        source: a MyST Markdown file.
        exercises: the catalog, for titles and points.
        notebook: its path below ``notebooks/`` without ending, for links.

    Raises:
        SourceError: for an unknown tag or slug, an exercise that is missing or there twice.
    """
    text = jupytext.read(source)
    cells: list[Any] = []
    seen: list[str] = []
    for cell in text.cells:
        tag = cell.metadata.pop("course", None)
        for noise in ("lines_to_next_cell", "jupyter"):
            cell.metadata.pop(noise, None)
        words = tag.split() if tag else []
        label = f"{source.name}, {' '.join(words) or 'a cell'}"
        if cell.cell_type == "markdown":
            cell.source = _headings(cell.source, exercises, notebook, label)
        if not words:
            cells.append(cell)
        elif words[0] == "setup":
            cells.append(_tagged(cell, "setup", locked=True))
        elif words[0] == "solution":
            exercise = _exercise(words, exercises, notebook, label)
            if exercise.slug in seen:
                raise SourceError(f"{label}: the solution is there twice")
            seen.append(exercise.slug)
            cells += [_tagged(cell, exercise.cell_id, solution=True), _check_cell(exercise)]
        elif words[0] == "starter":
            exercise = _exercise(words, exercises, notebook, label)
            if len(cells) < 2 or cells[-2].metadata.get("nbgrader", {}).get("grade_id") != exercise.cell_id:
                raise SourceError(f"{label}: a starter stands right behind the solution of the same exercise")
            cells[-2].metadata["course"] = {"starter": cell.source}
        elif words[0] in {"written", "task"} and len(words) == 3:
            is_task = words[0] == "task"
            cells.append(
                _tagged(cell, words[1], grade=not is_task, solution=not is_task, locked=is_task, task=is_task,
                        points=int(words[2]))
            )  # fmt: skip
        else:
            raise SourceError(f"{label}: unknown tag; known are setup, solution, starter, written, task")
    if missing := [e.slug for e in exercises.of_notebook(notebook) if e.slug not in seen]:
        raise SourceError(f"{source.name}: no solution for {', '.join(missing)}")
    return _notebook(cells)


def _exercise(words: list[str], exercises: Catalog, notebook: str, label: str) -> Exercise:
    if len(words) != 2 or words[1] not in exercises.by_slug:
        raise SourceError(f"{label}: no such exercise in the catalog")
    exercise = exercises[words[1]]
    if exercise.notebook != notebook:
        raise SourceError(f"{label}: the catalog has this exercise in {exercise.notebook}")
    return exercise


def _headings(source: str, exercises: Catalog, notebook: str, label: str) -> str:
    def title(match: re.Match[str]) -> str:
        marks, slug = match.groups()
        if slug.startswith("mini."):
            return _stage_heading(marks, slug, label)
        if slug not in exercises.by_slug:
            raise SourceError(f"{label}: {slug} is not in the catalog")
        e = exercises[slug]
        up = "../" * len(PurePosixPath(notebook).parts)
        points = "practice, no points" if e.points == 0 else f"{e.points} point{'s' if e.points != 1 else ''}"
        facts = [f"`{slug}`", e.kind, points, f"about {e.minutes} min", f"[lesson]({up}{e.lesson})"]
        if e.stretch:
            facts.insert(1, "**stretch**")
        if e.needs:
            facts.append(f"Redis {e.needs} or newer")
        return f"{marks} {e.title}\n\n{' · '.join(facts)}"

    return _HEADING.sub(title, source)


def _stage_heading(marks: str, slug: str, label: str) -> str:
    if slug not in stages().by_slug:
        raise SourceError(f"{label}: {slug} is not among the stages")
    stage = stages()[slug]
    files = [f"[{name}]({name})" for name in stage.files]
    facts = [f"`{slug}`", stage.family, *files]
    if stage.commands:
        facts.append(" ".join(f"`{command}`" for command in stage.commands))
    return f"{marks} {stage.title}\n\n{' · '.join(facts)}"


def _tagged(cell: Any, grade_id: str, **flags: Any) -> Any:
    if not _ID.fullmatch(grade_id):
        raise SourceError(f"{grade_id!r} cannot be a cell's id: letters, digits, hyphens, at most 64")
    points = flags.pop("points", None)
    cell.metadata["nbgrader"] = {
        "schema_version": 3,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
        "grade_id": grade_id,
        "cell_type": cell.cell_type,
        **flags,
        **({} if points is None else {"points": points}),
    }
    return cell


def _check_cell(exercise: Exercise) -> Any:
    cell = nbformat.v4.new_code_cell(f'check("{exercise.slug}")')
    # The cell raises while the exercise is unsolved, which Validate and nbgrader look at; "run all" goes on.
    cell.metadata["tags"] = ["raises-exception"]
    return _tagged(cell, f"{exercise.cell_id}-check", grade=True, locked=True, points=exercise.points)


def _notebook(cells: list[Any]) -> Any:
    seen: dict[str, int] = {}
    for cell in cells:
        base = cell.metadata.get("nbgrader", {}).get("grade_id")
        base = base or f"c-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"
        seen[base] = count = seen.get(base, 0) + 1
        cell["id"] = base if count == 1 else f"{base}-{count}"
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return notebook


def serialise(notebook: Any) -> str:
    """The one text form of a notebook: keys sorted, one-space indent, a newline at the end."""
    return str(nbformat.writes(notebook, indent=1)) + "\n"
