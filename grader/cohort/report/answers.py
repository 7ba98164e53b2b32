"""The text of each answer in a submission, for reading and comparing: bytes in, text out, nothing is run.

A release read with `released` goes the same way: the starters are the answers of somebody who has not begun.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from grader.checks.catalog import Exercise
from grader.marking.submission import Submission

MAX_BYTES = 20_000_000
TEXT_LIMIT = 20_000
"""Characters of an answer that are looked at."""


def answers_of(submission: Submission, exercises: Iterable[Exercise]) -> dict[str, str]:
    """Slug to text. An answer that cannot be found by its cell's id, or in a file that cannot be read, is left out."""
    notebooks: dict[str, dict[str, str]] = {}
    found = {}
    for e in exercises:
        if e.file is not None:
            data = submission.files.get(f"{e.week}/{e.file}")
            text = data[:MAX_BYTES].decode("utf-8", "replace") if data is not None else None
        else:
            if e.notebook not in notebooks:
                notebooks[e.notebook] = code_cells(submission.files.get(f"{e.notebook}.ipynb", b""))
            text = notebooks[e.notebook].get(e.cell_id)
        if text is not None:
            found[e.slug] = text[:TEXT_LIMIT]
    return found


def given_code(release: Submission, exercises: Iterable[Exercise]) -> dict[str, list[str]]:
    """Slug to all code that a learner was given in the same notebook: starters, examples and check cells."""
    notebooks: dict[str, list[str]] = {}
    given = {}
    for e in exercises:
        if e.notebook not in notebooks:
            notebooks[e.notebook] = list(code_cells(release.files.get(f"{e.notebook}.ipynb", b"")).values())
        file = release.files.get(f"{e.week}/{e.file}", b"").decode("utf-8", "replace") if e.file else ""
        given[e.slug] = [*notebooks[e.notebook], file]
    return given


def released(notebooks: Path) -> Submission:
    """What a learner was given: the notebooks and Python files below ``notebooks/``."""
    paths = sorted(p for p in notebooks.rglob("*") if p.suffix in {".ipynb", ".py"} and p.is_file())
    return Submission("release", {p.relative_to(notebooks).as_posix(): p.read_bytes() for p in paths})


def code_cells(data: bytes) -> dict[str, str]:
    """Id to source of a notebook's code cells, the last of each id; none for what is no notebook."""
    try:
        notebook: Any = json.loads(data[: MAX_BYTES + 1].decode("utf-8-sig")) if len(data) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        return {}
    cells = notebook.get("cells") if isinstance(notebook, Mapping) else None
    found = {}
    for i, cell in enumerate(cells if isinstance(cells, list) else []):
        if not isinstance(cell, Mapping) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source", "")
        text = "".join(map(str, source)) if isinstance(source, list) else source
        if isinstance(text, str):
            found[_cell_id(cell) or f"cell {i}"] = text
    return found


def _cell_id(cell: Mapping[str, Any]) -> str:
    """nbgrader's id where there is one, else the cell's own."""
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    for candidate in (nbgrader.get("grade_id") if isinstance(nbgrader, Mapping) else None, cell.get("id")):
        if isinstance(candidate, str) and candidate:
            return candidate
    return ""
