"""Bring an exercise back to its starter, keeping what was there."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.checks import Exercise
from grader.marking.extract import NotebookError, read_notebook


class ResetError(RuntimeError):
    """The starter could not be brought back; the message says why. Nothing was changed."""


@dataclass(slots=True)
class Reset:
    """What a reset did: `kept` is where the old text lies now, `what` says in words what was replaced."""

    kept: Path
    what: str


def released_path(exercise: Exercise) -> str:
    """The path of the file that holds the answer, relative to the course folder."""
    notebook = Path("notebooks") / f"{exercise.notebook}.ipynb"
    return str(notebook if exercise.file is None else notebook.with_name(exercise.file))


def reset(folder: Path, exercise: Exercise, release: bytes, now: datetime.datetime | None = None) -> Reset:
    """Put the starter of `exercise` back into the learner's notebook (or file) in the course `folder`.

    The old answer, or a whole notebook that can no longer be read, is kept in ``.course/kept/``.

    Args:
        folder: the course folder.
        exercise: which one.
        release: the bytes of the released file (`released_path`).
        now: the time that names what is kept.

    Raises:
        ResetError: when the release does not have the exercise.
    """
    stamp = (now or datetime.datetime.now()).strftime("%Y%m%d-%H%M%S")
    kept = folder / ".course" / "kept"
    kept.mkdir(parents=True, exist_ok=True)
    relative = released_path(exercise)
    path = folder / relative
    if exercise.file is not None:
        old = _keep(path, kept / f"{stamp}-{exercise.slug}.py")
        _write(path, release)
        return Reset(old, f"{relative} is the starter again")
    try:
        read_notebook(path)
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except (NotebookError, OSError, ValueError):
        old = _keep(path, kept / f"{stamp}-{Path(relative).name}")
        _write(path, release)
        return Reset(old, f"{relative} could not be read, so the whole notebook is the starter again")
    fresh = json.loads(release)
    old_text = _put_back(notebook, fresh, exercise)
    old = kept / f"{stamp}-{exercise.slug}.py"
    old.write_text(old_text, encoding="utf-8")
    _write(path, (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode())
    return Reset(old, f"the answer cell of {exercise.slug} in {relative} is the starter again")


def _put_back(notebook: dict[str, Any], fresh: dict[str, Any], exercise: Exercise) -> str:
    """Replace the answer cell (and its check) in `notebook` by those of `fresh`; returns the old text."""
    wanted = [exercise.cell_id, f"{exercise.cell_id}-check"]
    new = {c.get("id"): c for c in fresh["cells"] if c.get("id") in wanted}
    if exercise.cell_id not in new:
        raise ResetError(f"The release has no cell for {exercise.slug}; was the notebook built?")
    cells = notebook["cells"]
    old = [_text(c) for c in cells if isinstance(c, dict) and c.get("id") == exercise.cell_id]
    order = [c.get("id") for c in fresh["cells"]]
    for cell_id in wanted:
        if cell_id not in new:
            continue
        there = [i for i, c in enumerate(cells) if isinstance(c, dict) and c.get("id") == cell_id]
        if there:
            cells[there[0]] = new[cell_id]
            for extra in reversed(there[1:]):
                del cells[extra]
        else:
            cells.insert(_place(cells, order, cell_id), new[cell_id])
    return "\n\n".join(old)


def _place(cells: list[Any], order: list[str | None], cell_id: str) -> int:
    """Where a lost cell belongs: behind the nearest earlier cell of the release that is still there."""
    for earlier in reversed(order[: order.index(cell_id)]):
        for i, c in enumerate(cells):
            if isinstance(c, dict) and c.get("id") == earlier:
                return i + 1
    return len(cells)


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def first_committed(folder: Path, relative: str) -> bytes:
    """The bytes of `relative` as they were first committed: the starter, where the course's sources are not at hand.

    Raises:
        ResetError: when git does not know the file.
    """
    log = ["git", "log", "--diff-filter=A", "--format=%H", "--", relative]
    commits = subprocess.run(log, cwd=folder, capture_output=True, text=True, check=False)
    if commits.returncode == 0 and commits.stdout.split():
        first = commits.stdout.split()[-1]
        found = subprocess.run(["git", "show", f"{first}:./{relative}"], cwd=folder, capture_output=True, check=False)
        if found.returncode == 0:
            return found.stdout
    raise ResetError(f"The starter of {relative} is not to be had here. Copy the file from a fresh clone.")


def _keep(path: Path, kept: Path) -> Path:
    if path.exists():
        shutil.copyfile(path, kept)
    else:
        kept.write_text("", encoding="utf-8")
    return kept


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_bytes(data)
    temporary.replace(path)
