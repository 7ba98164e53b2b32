"""Find the answers in a notebook, as data: nothing is run here.

A notebook that a learner worked in may be half broken; whatever can be found is found, the rest is reported in a
sentence for each exercise.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from grader.inside.cells import Cell, NotebookAnswers

__all__ = ["Cell", "NotebookAnswers", "NotebookError", "read_notebook"]

MAX_BYTES = 20_000_000


class NotebookError(ValueError):
    """The file cannot be read as a notebook; the message says why and what to do."""


def read_notebook(path: Path) -> NotebookAnswers:
    """Read the code cells of an ``.ipynb`` file.

    Raises:
        NotebookError: when it is missing, too large, not JSON, or not a notebook.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise NotebookError(
                f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB. Clear its outputs and save it again."
            )
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotebookError(f"{path} does not exist. `course reset` on one of its exercises brings it back.") from None
    except UnicodeDecodeError:
        raise NotebookError(f"{path.name} is not UTF-8 text, so it is not a notebook any more.") from None
    except OSError as error:
        raise NotebookError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        data = json.loads(text)
    except RecursionError:
        raise NotebookError(f"{path.name} is nested too deeply to be a notebook.") from None
    except ValueError as error:
        raise NotebookError(
            f"{path.name} is not a notebook any more: its JSON breaks off ({error}). "
            "Restore it from a backup or with `course reset`, which keeps the broken file."
        ) from None
    return NotebookAnswers(path, _code_cells(data, path))


def _code_cells(data: Any, path: Path) -> list[Cell]:
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, list):
        raise NotebookError(f"{path.name} has no list of cells, so it is not a notebook of format 4.")
    found = []
    for raw in cells:
        if not isinstance(raw, dict) or raw.get("cell_type") != "code":
            continue
        source = raw.get("source", "")
        if isinstance(source, list):
            source = "".join(s for s in source if isinstance(s, str))
        if not isinstance(source, str):
            continue
        found.append(Cell(_cell_id(raw), source))
    return found


def _cell_id(raw: dict[str, Any]) -> str:
    """nbgrader's id where there is one (it survives editors that renumber cells), else the cell's own."""
    metadata = raw.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    for candidate in (grade_id, raw.get("id")):
        if isinstance(candidate, str) and candidate:
            return candidate
    return ""
