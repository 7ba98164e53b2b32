"""The notebooks that formgrader and the feedback are made from, written here and never run.

Each is the released notebook with the learner's code in its cells and our verdict below each check. Of a learner's
notebook nothing but the text of cells is taken: no metadata, no output, no id. Their Markdown is shown as text, because
nbconvert would put its HTML into the instructor's page.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.checks import Exercise
from grader.cohort import own_servers
from grader.cohort.card import FeedbackCard
from grader.cohort.errors import CohortError, of_disk
from grader.cohort.kept import Kept
from grader.cohort.own_servers import is_server
from grader.marking.intake import answers
from grader.marking.intake.notebook import NotebookError, read_cells
from grader.marking.printable import printable
from grader.marking.submission import Submission

_MOST_CELL = 60_000
_MOST_CELLS = 400
_MOST_TEXT = 100_000


@dataclass(slots=True)
class _Own:
    """A cell as a learner left it: `id` is the released cell's that it is, or empty."""

    id: str
    kind: str
    source: str


@dataclass(slots=True)
class Rebuilt:
    """Notebooks by name, ready to be written, and the ids of answer cells that are as they were released."""

    notebooks: dict[str, bytes] = field(default_factory=dict)
    untouched: set[str] = field(default_factory=set)


def rebuild(
    released: dict[str, dict[str, Any]],
    exercises: Iterable[Exercise],
    submission: Submission,
    kept: Kept,
) -> Rebuilt:
    """The notebooks of one submission.

    Args:
        released: the released notebooks of the week, by name without ending, as JSON.
        exercises: the week's.
        submission: what was handed in.
        kept: its marks.
    """
    if is_server(kept.week):
        pages = {n: own_servers.rebuild(r, exercises, submission, kept, _notes(kept)) for n, r in released.items()}
        return Rebuilt({name: json.dumps(page, sort_keys=True).encode() + b"\n" for name, page in pages.items()})
    results = {r.slug: r for r in kept.marks.results}
    week = list(exercises)
    by_check = {f"{e.cell_id}-check": e for e in week}
    made = Rebuilt()
    stamp = kept.fingerprint()
    for name, release in released.items():
        data = submission.files.get(f"{kept.week}/{name}.ipynb", b"")
        known = {c["id"] for c in release["cells"]}
        own = _cells(data, name, known)
        mine = {c.id: c.source for c in own if c.id}
        asked = [e for e in week if e.notebook.endswith(f"/{name}") and e.file is None]
        if data and any(e.cell_id not in mine or e.slug in kept.marks.repairs for e in asked):
            found = answers(data, json.dumps(release).encode(), asked, name).sources
            mine |= {e.cell_id: found[e.slug] for e in asked if e.slug in found}
        added = _added(own, set(mine.values()))
        cells = [*_notes(kept), *map(_foreign, added.get("", []))]
        for original in release["cells"]:
            cell = dict(original)
            about = cell["metadata"].get("nbgrader", {})
            if about.get("solution") and mine.get(cell["id"], _text(cell)).strip() == _text(cell).strip():
                made.untouched.add(cell["id"])
            elif about.get("solution") and cell["cell_type"] == "markdown":
                cell["source"] = _fenced(_limited(mine[cell["id"]]))
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
                if not about.get("locked") and cell["id"] in mine:
                    cell["source"] = _limited(mine[cell["id"]])
                e = by_check.get(cell["id"])
                if e is not None and e.slug in results:
                    card = FeedbackCard(e, results[e.slug], kept.marks.repairs.get(e.slug), _files(e, submission))
                    cell["outputs"] = [_output(card)]
            cells += [cell, *map(_foreign, added.get(cell["id"], []))]
        for number, cell in enumerate(cells):
            cell.setdefault("id", f"own-{number}")
        notebook = {**release, "cells": cells, "metadata": {**release["metadata"], "course": {"marks": stamp}}}
        made.notebooks[name] = json.dumps(notebook, sort_keys=True).encode() + b"\n"
    return made


def read_release(folder: Path, exercises: Iterable[Exercise], starters: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The released notebooks in `folder`, by name; what they must hold for `exercises` is there.

    Args:
        folder: the released week.
        exercises: the week's.
        starters: what the gradebook says was released, by the id of the answer's cell.

    Raises:
        CohortError: when a notebook or a check is missing, or somebody has worked in one: a learner's same answer would
            look untouched, and the instructor's would be shown as theirs.
    """
    found: dict[str, dict[str, Any]] = {}
    cells: dict[str, str] = {}
    for path in sorted(folder.glob("*.ipynb")):
        try:
            found[path.stem] = json.loads(path.read_bytes())
            cells |= {c["id"]: _text(c) for c in found[path.stem]["cells"]}
        except (ValueError, KeyError, TypeError):
            raise CohortError(f"{path} is no notebook any more: `course cohort release` writes it anew.") from None
    for e in exercises:
        if f"{e.cell_id}-check" not in cells:
            raise CohortError(f"{folder} has no check of {e.slug}: `course cohort release {e.week}` writes it anew.")
        if cells.get(e.cell_id, "").strip() != starters.get(e.cell_id, cells.get(e.cell_id, "")).strip():
            raise CohortError(
                f"{folder} was worked in: the answer of {e.slug} is not the starter that was released. "
                f"`course cohort release {e.week}` brings that back, and keeps what is there in .course/kept."
            )
    return found


def is_current(folder: Path, kept: Kept, names: Iterable[str]) -> bool:
    """Whether the notebooks in `folder` were made from these marks."""
    stamp = kept.fingerprint()
    try:
        return all(
            json.loads((folder / f"{name}.ipynb").read_bytes())["metadata"]["course"]["marks"] == stamp
            for name in names
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write(folder: Path, rebuilt: Rebuilt, files: dict[str, bytes]) -> None:
    """Put `rebuilt` and `files` in the place of `folder`, all at once.

    Raises:
        CohortError: when the disk is full or may not be written; what was there is there then.
    """
    fresh = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        sweep(folder)
        fresh.mkdir(parents=True)
        for name, data in [*((f"{n}.ipynb", d) for n, d in rebuilt.notebooks.items()), *files.items()]:
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            path.chmod(0o444)  # as nbgrader leaves them: formgrader never writes them
        old = folder.with_name(f"{fresh.name}.old")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(old)
        fresh.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        told = of_disk(error, str(folder))
        if told is None:
            raise
        raise told from error


def sweep(folder: Path) -> None:
    """Remove what an interrupted `write` left beside `folder`."""
    for left in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left, ignore_errors=True)


def _cells(data: bytes, name: str, known: set[str]) -> list[_Own]:
    """The cells of a submitted notebook; none when it cannot be read, which its results say already."""
    try:
        readings = read_cells(data, name) if data else []
    except NotebookError:
        return []
    cells = readings[0].cells[:_MOST_CELLS] if readings else []
    return [_Own(next((n for n in c.names if n in known), ""), c.kind, c.source) for c in cells]


def _text(raw: dict[str, Any]) -> str:
    source = raw.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""


def _added(own: list[_Own], shown: set[str]) -> dict[str, list[_Own]]:
    """The cells that the release does not have, under the id of the released cell they stand behind; without those that
    were found to be an answer, which are `shown` in its place."""
    found: dict[str, list[_Own]] = {}
    behind = ""
    for cell in own:
        if cell.id:
            behind = cell.id
        elif cell.source.strip() and cell.source not in shown:
            found.setdefault(behind, []).append(cell)
    return found


def _foreign(cell: _Own) -> dict[str, Any]:
    """A cell of the learner's own, with nothing but its text."""
    if cell.kind == "code":
        source = _limited(cell.source)
        return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    return {"cell_type": "markdown", "metadata": {}, "source": _fenced(_limited(cell.source))}


def _notes(kept: Kept) -> list[dict[str, Any]]:
    if not kept.marks.notes:
        return []
    text = "\n".join(["What was noticed about this submission:", *kept.marks.notes])
    return [{"cell_type": "markdown", "metadata": {}, "source": _fenced(_limited(text))}]


def _fenced(text: str) -> str:
    """Markdown that shows `text` as it is: the fence is longer than any in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{printable(text)}\n{fence}"


def _limited(source: str) -> str:
    # A lone half of a surrogate pair cannot be written as UTF-8 by what shows this.
    source = source.encode("utf-8", "backslashreplace").decode()
    return source if len(source) <= _MOST_CELL else f"{source[:_MOST_CELL]}\n# … {len(source) - _MOST_CELL} more"


def _output(card: FeedbackCard) -> dict[str, Any]:
    data = {"text/html": card.html(), "text/plain": card.text()}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def _files(e: Exercise, submission: Submission) -> dict[str, str]:
    """The file an answer is in, as text."""
    if e.file is None:
        return {}
    data = submission.files.get(f"{e.week}/{e.file}")
    return {e.file: data[:_MOST_TEXT].decode("utf-8", "backslashreplace")} if data is not None else {}
