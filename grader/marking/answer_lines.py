"""On which line of its file an answer is, so that an annotation points at it.

An ``.ipynb`` is JSON that editors break into lines, and GitHub counts those. `grader.marking.grade` asks here once for
every exercise. Nothing is run; a file that cannot be followed gives line 1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from grader.checks import Exercise
from grader.marking.result import ExerciseResult

_TOKEN = re.compile(r'[ \t\r\n]*+(?:("[^"\\]*+(?:\\.[^"\\]*+)*+")|([{}\[\],:])|([^\s{}\[\],:"]++))', re.S)
_LEARNERS_LINE = re.compile(r"line (\d+)(?:: (.*))?", re.S)
_SYNTAX = re.compile(r"Python cannot read the answer, (line \d+):")
_RUNNING = re.compile(r"\((line \d+(?:: .*)?) was running\)", re.S)
_LINE = re.compile(r"[^\r\n]*+(?:\r\n|[\r\n])|[^\r\n]++")
_DEEPEST = 100
_LONGEST = 4_000_000

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file: `file` is a path below the submission's root, with ``/``; `line` counts from 1."""

    file: str
    line: int = 1


@dataclass(slots=True)
class _Cell:
    """A code cell: what may be its ids, and the lines of its source, each with the file's line it is on."""

    ids: set[str] = field(default_factory=set)
    lines: list[tuple[int, str]] = field(default_factory=list)


def answer_file(exercise: Exercise) -> str:
    """Where the answer of `exercise` is, below ``notebooks/``."""
    notebook = f"{exercise.notebook}.ipynb"
    return notebook if exercise.file is None else f"{notebook.rpartition('/')[0]}/{exercise.file}".lstrip("/")


class AnswerLines:
    """The lines of a submission's files.

    Args:
        files: the submission's (`Submission.files`).
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._cells: dict[str, list[_Cell]] = {}

    def place(self, result: ExerciseResult, exercise: Exercise) -> Place:
        """The line `result` is about: the learner's own one that a traceback names, else where the answer begins."""
        name = answer_file(exercise)
        data = self._files.get(name, b"")
        if not data or len(data) > _LONGEST:
            return Place(name)
        number, source = _named(result)
        if exercise.file is not None:
            return Place(name, min(number, data.count(b"\n") + 1) if number else 1)
        if name not in self._cells:
            self._cells[name] = _code_cells(data.decode("utf-8-sig", "replace"))
        cells = self._cells[name]
        answer = next((c for c in reversed(cells) if exercise.cell_id in c.ids), None) or _likely(cells, exercise)
        for cell in ([answer] if answer is not None else []) + cells:
            # A traceback tells the line and its text, but not the cell, and a function may call one of another cell.
            if 0 < number <= len(cell.lines) and source is not None and cell.lines[number - 1][1].strip() == source:
                return Place(name, cell.lines[number - 1][0])
        if answer is None:
            return Place(name)
        if source is None and 0 < number <= len(answer.lines):
            return Place(name, answer.lines[number - 1][0])
        return Place(name, next((at for at, line in answer.lines if line.strip()), 1))


def _named(result: ExerciseResult) -> tuple[int, str | None]:
    """The number and the text of the learner's line that the first broken promise names; 0 where it names none."""
    first = result.first_broken
    if first is None:
        return 0, None
    told = [_LEARNERS_LINE.fullmatch(each) for each in reversed(first.where)]
    for pattern in (_SYNTAX, _RUNNING):
        if first.kind in {"syntax", "deadline"} and (found := pattern.search(first.happened)):
            told.append(_LEARNERS_LINE.fullmatch(found[1]))
    for match in told:
        if match is not None and len(match[1]) < 8:
            return int(match[1]), match[2].strip() if match[2] else None
    return 0, None


def _likely(cells: list[_Cell], exercise: Exercise) -> _Cell | None:
    """The last cell that defines a name of the answer, for a notebook whose ids were lost."""
    defines = re.compile(rf"(?:def|class)\s+({'|'.join(map(re.escape, exercise.names))})\b" if exercise.names else "$^")
    return next((c for c in reversed(cells) if any(defines.match(line.lstrip()) for _, line in c.lines)), None)


def _code_cells(text: str) -> list[_Cell]:
    cells: dict[int, _Cell] = {}
    pieces: dict[int, list[tuple[int, str]]] = {}
    code: set[int] = set()
    try:
        for path, line, value in _strings(text):
            match path:
                case ("cells", int(at), "cell_type") if value == "code":
                    code.add(at)
                case ("cells", int(at), "id") | ("cells", int(at), "metadata", "nbgrader", "grade_id"):
                    cells.setdefault(at, _Cell()).ids.add(value)
                case ("cells", int(at), "source") | ("cells", int(at), "source", int()):
                    pieces.setdefault(at, []).append((line, value))
    except ValueError:  # not JSON any more from here on; what came before is as good as it was
        pass
    for at in pieces:
        cells.setdefault(at, _Cell()).lines = _lines(pieces[at])
    return [cells[at] for at in sorted(cells) if at in code]


def _strings(text: str) -> Iterator[tuple[_Path, int, str]]:
    """Every string of a JSON document that is a value, as (path to it, line, value).

    Raises:
        ValueError: where it is no JSON, or nested too deeply.
    """
    path: list[str | int] = []
    line, counted, at = 1, 0, 0
    wants_key = False
    while (token := _TOKEN.match(text, at)) is not None:
        at = token.end()
        string, mark = token[1], token[2]
        if string is not None:
            start = token.start(1)
            line, counted = line + text.count("\n", counted, start), start
            value = json.loads(string, strict=False)
            if wants_key:
                path[-1], wants_key = value, False
            else:
                yield tuple(path), line, value
        elif mark in ("{", "["):
            if len(path) >= _DEEPEST:
                raise ValueError("nested too deeply")
            path.append("" if mark == "{" else 0)
            wants_key = mark == "{"
        elif mark in ("}", "]"):
            if not path:
                raise ValueError("closed too often")
            path.pop()
            wants_key = False
        elif mark == "," and path:
            last = path[-1]
            if isinstance(last, int):
                path[-1] = last + 1
            else:
                wants_key = True


def _lines(pieces: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines of a source that the file holds in pieces, each with the file's line on which it begins."""
    lines: list[tuple[int, list[str]]] = []
    fresh = True
    for at, piece in pieces:
        for part in _LINE.findall(piece):
            if fresh:
                lines.append((at, [part]))
            else:
                lines[-1][1].append(part)
            fresh = part.endswith(("\n", "\r"))
    return [(at, "".join(parts)) for at, parts in lines]
