"""Bring an exercise back to its starter, keeping what was there; and tell which answers still are the starter.

`course reset`, `course check` and `course watch` come here.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.checks import Exercise


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


def reset(
    folder: Path,
    exercise: Exercise,
    release: Callable[[], bytes],
    starter: str | None = None,
    now: datetime.datetime | None = None,
) -> Reset:
    """Put the starter of `exercise` back into the learner's notebook (or file) in the course `folder`.

    The old answer, or a whole notebook that can no longer be read, is kept in ``.course/kept/``.

    Args:
        folder: the course folder.
        exercise: which one.
        release: makes the bytes of the released file (`released_path`); asked only when it is needed.
        starter: the answer's starter where it is known: enough when the answer's cell is still there.
        now: the time that names what is kept.

    Raises:
        ResetError: when the release does not have the exercise.
        OSError: when something cannot be read or written. What is in the notebook is left as it was.
    """
    stamp = (now or datetime.datetime.now()).strftime("%Y%m%d-%H%M%S")
    kept = folder / ".course" / "kept"
    kept.mkdir(parents=True, exist_ok=True)
    relative = released_path(exercise)
    path = folder / relative
    if exercise.file is not None:
        fresh = release() if starter is None else starter.encode()
        old = _keep(path, free_path(kept / f"{stamp}-{exercise.slug}.py"))
        write_whole(path, fresh)
        return Reset(old, f"{relative} is the starter again")
    notebook = _read(path)
    if notebook is None:
        how = "could not be read" if path.exists() else "was missing"
        fresh = release()
        old = _keep(path, free_path(kept / f"{stamp}-{Path(relative).name}"))
        write_whole(path, fresh)
        return Reset(old, f"{relative} {how}, so the whole notebook is the starter again")
    old_text = _put_text(notebook, exercise, starter)
    if old_text is None:
        old_text = _put_back(notebook, json.loads(release()), exercise)
    old = free_path(kept / f"{stamp}-{exercise.slug}.py")
    old.write_text(old_text, encoding="utf-8", errors="backslashreplace")
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_whole(path, text.encode(errors="backslashreplace"))
    return Reset(old, f"the answer cell of {exercise.slug} in {relative} is the starter again")


def untouched(folder: Path, exercises: Iterable[Exercise]) -> set[str]:
    """The slugs of those `exercises` whose answer cell still is the starter.

    nbgrader writes a checksum of the starter into the cell when a notebook is released, and no editor changes it.
    Where it is gone, and for answers in files, the answer counts as touched.
    """
    found = set()
    notebooks: dict[str, dict[str, Any] | None] = {}
    for e in exercises:
        if e.file is not None:
            continue
        if e.notebook not in notebooks:
            try:
                notebooks[e.notebook] = _read(folder / released_path(e))
            except OSError:
                notebooks[e.notebook] = None
        notebook = notebooks[e.notebook]
        if notebook is not None and (at := _find(notebook["cells"], e.cell_id)):
            cell = notebook["cells"][at[-1]]
            if _checksum(cell, _text(cell)) == _nbgrader(cell).get("checksum"):
                found.add(e.slug)
    return found


def _read(path: Path) -> dict[str, Any] | None:
    """The notebook as it is, of whatever size; None when it is missing or is no notebook."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        return None
    return notebook


def _put_text(notebook: dict[str, Any], exercise: Exercise, starter: str | None) -> str | None:
    """Make `starter` the text of the answer's cell; returns the old text, None when that is not enough.

    The cell's checksum proves both that the cell is the released one and that `starter` is what was released.
    """
    at = _find(notebook["cells"], exercise.cell_id)
    if starter is None or len(at) != 1 or not _find(notebook["cells"], f"{exercise.cell_id}-check"):
        return None
    cell, starter = notebook["cells"][at[0]], starter.rstrip("\n")
    if cell.get("cell_type") != "code" or _checksum(cell, starter) != _nbgrader(cell).get("checksum"):
        return None
    old = _text(cell)
    cell["source"], cell["outputs"], cell["execution_count"] = starter.splitlines(keepends=True), [], None
    return old


def _put_back(notebook: dict[str, Any], fresh: dict[str, Any], exercise: Exercise) -> str:
    """Replace the answer cell (and its check) in `notebook` by those of `fresh`; returns the old text."""
    wanted = [exercise.cell_id, f"{exercise.cell_id}-check"]
    new = {c.get("id"): c for c in fresh["cells"] if c.get("id") in wanted}
    if exercise.cell_id not in new:
        raise ResetError(f"The release has no cell for {exercise.slug}; was the notebook built?")
    cells = notebook["cells"]
    old = [_text(cells[i]) for i in _find(cells, exercise.cell_id)]
    order = [str(c.get("id")) for c in fresh["cells"]]
    has_ids = notebook.get("nbformat_minor") not in (0, 1, 2, 3, 4)  # cells have had ids since format 4.5
    for cell_id in wanted:
        if cell_id not in new:
            continue
        cell = new[cell_id] if has_ids else {k: v for k, v in new[cell_id].items() if k != "id"}
        there = _find(cells, cell_id)
        if there:
            cells[there[0]] = cell
            for extra in reversed(there[1:]):
                del cells[extra]
        else:
            cells.insert(_place(cells, order, cell_id), cell)
    return "\n\n".join(old)


def _find(cells: list[Any], cell_id: str) -> list[int]:
    """Where cells of this id are: nbgrader's name for a cell survives editors that renumber cells."""
    return [
        i for i, c in enumerate(cells) if isinstance(c, dict) and cell_id in (c.get("id"), _nbgrader(c).get("grade_id"))
    ]


def _nbgrader(cell: dict[str, Any]) -> dict[str, Any]:
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def _checksum(cell: dict[str, Any], text: str) -> str:
    """nbgrader's checksum of `cell` if its source were `text` (nbgrader.utils.compute_checksum, for answer cells)."""
    its = _nbgrader(cell)
    words = [text, str(cell.get("cell_type")), *(str(its.get(k)) for k in ("grade", "solution", "locked", "grade_id"))]
    return hashlib.md5("".join(words).encode(errors="replace"), usedforsecurity=False).hexdigest()


def _place(cells: list[Any], order: list[str], cell_id: str) -> int:
    """Where a lost cell belongs: behind the nearest earlier cell of the release that is still there."""
    for earlier in reversed(order[: order.index(cell_id)]):
        if there := _find(cells, earlier):
            return there[-1] + 1
    return 0


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def first_committed(folder: Path, relative: str) -> bytes:
    """The bytes of `relative` as they were first committed: the starter, where the course's sources are not at hand.

    Raises:
        ResetError: when git does not know the file.
    """
    try:
        found = _git(folder, "log", "--diff-filter=A", "--format=%H", "--", relative)
        commits = found.stdout.decode().split()
        if found.returncode == 0 and commits:
            found = _git(folder, "show", f"{commits[-1]}:./{relative}")
            if found.returncode == 0:
                return found.stdout
        said = found.stderr.decode(errors="replace").strip().splitlines()
    except FileNotFoundError:
        said = ["git is not installed"]
    why = f" ({said[0]})" if said else ""
    raise ResetError(
        f"The starter of {relative} is not to be had here: there is no solutions/ to make it from, and git does not "
        f"know it{why}. Copy the file from a fresh clone."
    )


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False)


def free_path(path: Path) -> Path:
    """`path`, or a numbered one beside it where that is taken: what was kept is never written over."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def _keep(path: Path, kept: Path) -> Path:
    if path.exists():
        shutil.copyfile(path, kept)
    else:
        kept.write_text("", encoding="utf-8")
    return kept


def write_whole(path: Path, data: bytes) -> None:
    """Write as a whole or not at all, through a link to where it points."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
