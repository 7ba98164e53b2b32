"""Read the cells of a notebook as data, however damaged the file is: what is whole is kept, the rest is told.

The document is not parsed at once. A scan over its strings and brackets, which is linear and stops at limits, finds
where each cell begins and ends; then each is parsed alone, so a broken one costs only itself, and a file that breaks
off costs only what is gone. `grader.marking.intake.repair` comes here.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from grader.marking.intake.limits import (
    CELL_CHARACTERS,
    CELLS,
    CODE_CHARACTERS,
    FILE_BYTES,
    JSON_DEPTH,
    JSON_TOKENS,
    MEGABYTE,
)
from grader.marking.intake.sentences import shown
from grader.marking.intake.text import decode, sides_of_conflict, without_surrogates

# A string (or what is left of one at the end of the text), with the colon that makes it a key; or a bracket.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)(\s*+:)?|[\[\]{}]', re.S)
# nbgrader's metadata begin so too, but behind a key.
_CELL_BEGINS = re.compile(r'(:\s*+)?+\{\s*+"cell_type"')
_LONGEST_KEY = 64
_BROKEN = "Restore it from a backup or with `course reset`, which keeps the broken file."


BROKEN_JSON = "Its JSON is broken"


class NotebookError(ValueError):
    """The file cannot be read as a notebook; the message says why and what to do."""


@dataclass(slots=True)
class RawCell:
    """A cell as the file has it. `kind` is ``code``, ``markdown`` or ``raw``; `names` what may be its id, nbgrader's
    first; `nbgrader` the metadata of that tool, which nobody believes; `position` counts the cells from 0."""

    kind: str
    source: str
    names: tuple[str, ...] = ()
    nbgrader: dict[str, Any] = field(default_factory=dict)
    position: int = 0


@dataclass(slots=True)
class RawNotebook:
    """The cells that could be read, in order, and sentences about what was wrong with the file."""

    cells: list[RawCell] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_cells(data: bytes, name: str) -> list[RawNotebook]:
    """What `data` says, in one reading; two where a merge conflict was left in it, one's own side first.

    Args:
        data: the bytes of an ``.ipynb`` file.
        name: what to call it in sentences.

    Raises:
        NotebookError: when not one cell can be had from it.
    """
    name = shown(name)
    if len(data) > FILE_BYTES:
        raise NotebookError(f"{name} is larger than {FILE_BYTES // MEGABYTE} MB. Clear its outputs and save it again.")
    if data.startswith(b"PK\x03\x04"):
        raise NotebookError(f"{name} is a zip file and not a notebook. Unpack it and hand in what is inside.")
    text, encoding = decode(data)
    head = text[:200].lstrip()
    if head.startswith("version https://git-lfs"):
        raise NotebookError(f"{name} is a pointer of Git LFS, not a notebook. Hand in the file it points to.")
    if head[:1] == "<" and not head.startswith("<<<<<<<"):
        raise NotebookError(f"{name} is a web page and not a notebook. Save the notebook itself (its raw file).")
    sides = sides_of_conflict(text)
    readings = []
    for side in sides:
        try:
            reading = _read(side, name, encoding)
        except NotebookError:
            continue
        reading.notes.insert(0, "An unresolved merge conflict was in it. Choose a side and save it again.")
        readings.append(reading)
    return readings or [_read(text, name, encoding)]


def _read(text: str, name: str, encoding: str) -> RawNotebook:
    scan = _scan(text, name)
    notes = [encoding] if encoding else []
    found: list[RawCell | None] = [_cell(text[a:b]) for a, b in scan.spans]
    whole = [c for c in found if c is not None]
    if scan.broken or len(whole) < len(found):
        if scan.rest is not None and (last := _cell(text[scan.rest :].rstrip().rstrip(",") + "}")) is not None:
            whole += [last] if last.source else []
        saved = list(_salvage(text))
        if len(saved) > len(whole):
            whole = saved
        notes.append(f"{BROKEN_JSON}; what is whole was read ({len(whole)} cells). {_BROKEN}")
    elif scan.garbage:
        notes.append("There is text around its JSON, which was left out. Open it in Jupyter and save it again.")
    if not whole:
        _nothing(scan, name, encoding)
    if len(whole) > CELLS:
        whole = whole[:CELLS]
        notes.append(f"It has more than {CELLS:,} cells; the others were not read.")
    room = CODE_CHARACTERS
    for position, cell in enumerate(whole):
        cell.position = position
        if len(cell.source) > min(CELL_CHARACTERS, room):
            cell.source = ""
            notes.append(
                f"A cell was left out: one may have {CELL_CHARACTERS:,} characters, all together {CODE_CHARACTERS:,}."
            )
        room -= len(cell.source)
    return RawNotebook(whole, list(dict.fromkeys(notes)))


def _nothing(scan: _Scan, name: str, encoding: str) -> None:
    """Say why there is no cell; a well-formed notebook without any is one."""
    if "not UTF-8" in encoding or (encoding and not scan.has_list):
        raise NotebookError(f"{name} is not UTF-8 text, so it is not a notebook any more. {_BROKEN}")
    if scan.broken:
        raise NotebookError(f"{name} is not a notebook any more: its JSON breaks off. {_BROKEN}")
    if not scan.has_list:
        raise NotebookError(f"{name} has no list of cells, so it is not a notebook of format 4. {_BROKEN}")


@dataclass(slots=True)
class _Scan:
    """Where cells are: `rest` is where a cell begins whose end is gone."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    has_list: bool = False
    broken: bool = False
    garbage: bool = False
    rest: int | None = None


def _scan(text: str, name: str) -> _Scan:
    """Find the cells of format 4 (`cells`) or 3 (`worksheets`, each with `cells`)."""
    scan = _Scan()
    stack: list[str] = []
    keys: list[str] = []
    inside = start = end = 0
    for count, match in enumerate(_TOKEN.finditer(text)):
        if count > JSON_TOKENS:
            raise NotebookError(f"{name} has too many values for a notebook. Clear its outputs and save it again.")
        mark = text[match.start()]
        if mark == '"':
            if match[1] and stack and len(stack) <= 3:
                size = match.start(1) - match.start() - 2
                keys[-1] = _key(text[match.start() : match.start(1)]) if size <= _LONGEST_KEY else ""
            continue
        if mark in "[{":
            if not stack and text[: match.start()].strip():
                scan.garbage = True
            if mark == "[" and _is_list_of_cells(stack, keys):
                if len(stack) == 1:
                    scan.spans.clear()  # the same key twice: as in JSON the last one counts
                scan.has_list, inside = True, len(stack) + 1
            elif mark == "{" and inside and len(stack) == inside:
                start = match.start()
            stack.append(mark)
            keys.append("")
            if len(stack) > JSON_DEPTH:
                raise NotebookError(f"{name} is nested too deeply to be a notebook.")
            continue
        if not stack or stack[-1] != ("[" if mark == "]" else "{"):
            scan.broken = True
            break
        stack.pop()
        keys.pop()
        if inside and len(stack) == inside and mark == "}":
            if len(scan.spans) <= CELLS:
                scan.spans.append((start, match.end()))
        elif len(stack) < inside:
            inside = 0
        if not stack:
            end = match.end()
            break
    if stack:
        scan.broken = True
        scan.rest = start if inside and len(stack) == inside + 1 else None
    elif end and text[end:].strip():
        scan.garbage = True
    scan.broken = scan.broken or not end
    return scan


def _key(string: str) -> str:
    """The key that a JSON string is: an escaped one is the same key to every other reader."""
    if "\\" not in string:
        return string[1:-1]
    try:
        return str(json.loads(string, strict=False))
    except ValueError:
        return ""


def _is_list_of_cells(stack: list[str], keys: list[str]) -> bool:
    if not stack or stack[0] != "{" or keys[-1] != "cells":
        return False
    return len(stack) == 1 or (stack == ["{", "[", "{"] and keys[0] == "worksheets")


def _number(text: str) -> float:
    """Numbers of any length cost the same; none of them is believed."""
    return float(text[:400])


_DECODER = json.JSONDecoder(strict=False, parse_int=_number, parse_constant=lambda _: None)


def _salvage(text: str) -> Iterator[RawCell]:
    """Cells found by how they begin, where brackets tell nothing any more."""
    begins = (m.start() for m in _CELL_BEGINS.finditer(text) if m[1] is None)
    starts = list(itertools.islice(begins, CELLS))
    for start, end in zip(starts, [*starts[1:], len(text)], strict=False):  # no start, no cell
        piece = text[start:end]
        try:
            found, _ = _DECODER.raw_decode(piece)
        except (ValueError, RecursionError):
            continue
        if (cell := _as_cell(found)) is not None:
            yield cell


def _cell(piece: str) -> RawCell | None:
    try:
        return _as_cell(_DECODER.decode(piece))
    except (ValueError, RecursionError):
        return None


def _as_cell(found: Any) -> RawCell | None:
    if not isinstance(found, dict):
        return None
    source = found.get("source", found.get("input", ""))
    if isinstance(source, list):
        source = "".join(s for s in source if isinstance(s, str))
    if not isinstance(source, str):
        source = ""
    kind = found.get("cell_type")
    metadata = found.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    nbgrader = metadata.get("nbgrader")
    nbgrader = nbgrader if isinstance(nbgrader, dict) else {}
    # Colab moves a cell's id into its metadata.
    names = (nbgrader.get("grade_id"), found.get("id"), metadata.get("id"))
    return RawCell(
        kind if kind in ("code", "markdown") else "raw",
        without_surrogates(source.replace("\r\n", "\n").replace("\r", "\n")),
        tuple(n for n in names if isinstance(n, str) and 0 < len(n) <= 100),
        nbgrader,
    )
