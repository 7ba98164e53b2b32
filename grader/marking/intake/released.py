"""What the course handed out: a notebook's cells with their starters, to tell what a learner changed.

An instructor's ``notebooks/`` has it. Where there is none (the course installed from a wheel), the exercises' ids and
nbgrader's checksums have to do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.checks.catalog import Exercise
from grader.marking.intake.notebook import NotebookError, RawCell, read_cells

_CHECK_CALL = re.compile(r"""^[ \t]*check\([ \t]*["']([\w.-]{1,80})["'][ \t]*\)""", re.M)


def normal(source: str) -> str:
    """`source` without what no Python looks at: white space at the end of lines, empty lines. Indentation stays."""
    return "\n".join(line for each in source.split("\n") if (line := each.rstrip()))


@dataclass(slots=True)
class Released:
    """A notebook as it was handed out.

    `order` holds the ids of its code cells; `text` id -> source of those whose source is known; `locked` those nobody
    is asked to change; `plain` normal form -> id, of all that are no answers; `prose` the normal forms of the others.
    """

    order: list[str] = field(default_factory=list)
    text: dict[str, str] = field(default_factory=dict)
    locked: set[str] = field(default_factory=set)
    plain: dict[str, str] = field(default_factory=dict)
    prose: set[str] = field(default_factory=set)

    def starter(self, exercise: Exercise) -> str | None:
        """What stood in the answer's cell, if that is known."""
        return self.text.get(exercise.cell_id)


def released(data: bytes | None, exercises: Sequence[Exercise]) -> Released:
    """The release in `data`; without any, what the catalog alone tells of it."""
    answers = tuple(e.cell_id for e in exercises)
    found = _read(data, answers) if data is not None else None
    if found is not None:
        return found
    found = Released()
    for e in exercises:
        check = f"{e.cell_id}-check"
        found.order += [e.cell_id, check]
        found.text[check] = f'check("{e.slug}")'
        found.plain[normal(found.text[check])] = check
        found.locked.add(check)
    return found


@lru_cache(maxsize=64)
def _read(data: bytes, answers: tuple[str, ...]) -> Released | None:
    try:
        cells = read_cells(data, "The release")[0].cells
    except NotebookError:
        return None
    found = Released()
    for cell in cells:
        if cell.kind != "code":
            found.prose.add(normal(cell.source))
            continue
        if not cell.names:
            continue
        name = cell.names[0]
        found.order.append(name)
        found.text[name] = cell.source
        if cell.nbgrader.get("locked") is True:
            found.locked.add(name)
        if name not in answers:
            found.plain[normal(cell.source)] = name
    return found if any(a in found.text for a in answers) or not answers else None


def checked_slug(source: str) -> str | None:
    """The exercise a check cell calls ``check("week1.page-views")`` for."""
    match = _CHECK_CALL.search(source)
    return match[1] if match else None


def has_its_checksum(cell: RawCell) -> bool:
    """Whether nbgrader's checksum in the cell says it is as released (nbgrader.utils.compute_checksum).

    A learner can write what they like there; whoever does so says of their own answer that it is not begun.
    """
    its: dict[str, Any] = cell.nbgrader
    words = [cell.source, cell.kind, *(str(its.get(k)) for k in ("grade", "solution", "locked", "grade_id"))]
    found = hashlib.md5("".join(words).encode(errors="replace"), usedforsecurity=False).hexdigest()
    return bool(its.get("checksum") == found)


def is_named_by_its_text(cell: RawCell) -> bool:
    """Whether the cell's id is the one `grader.authoring.expand` made of this very text. As with checksums, whoever
    writes such an id themselves only says that there is nothing of their own in it."""
    name = f"c-{hashlib.sha256(cell.source.encode()).hexdigest()[:8]}"
    return any(each == name or each.startswith(f"{name}-") for each in cell.names)


class ReleasedFiles:
    """The released files below a course's own ``notebooks/``; none where there is no such folder.

    Args:
        folder: ``notebooks/`` of the instructor's copy, never of a submission.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._known: dict[str, bytes | None] = {}

    def __call__(self, name: str) -> bytes | None:
        """The bytes of ``week1/02-….ipynb``, or None."""
        if name not in self._known:
            self._known[name] = None
            path = self._folder / name if self._folder is not None else None
            if path is not None and path.is_file():
                self._known[name] = path.read_bytes()
        return self._known[name]


def names_of(exercises: Iterable[Exercise]) -> dict[str, list[Exercise]]:
    """The files below ``notebooks/`` that hold answers: ``week1/04-the-wire.ipynb`` -> its exercises, files beside."""
    found: dict[str, list[Exercise]] = {}
    for e in exercises:
        notebook = f"{e.notebook}.ipynb"
        found.setdefault(notebook, []).append(e)
        if e.file is not None:
            found.setdefault(f"{notebook.rpartition('/')[0]}/{e.file}".lstrip("/"), []).append(e)
    return found
