"""Find each exercise's answer in a notebook that somebody worked in, and say what had to be put right for that.

An answer is found by nbgrader's name for its cell, else by the cell's id, else by its place between cells that are
known and by what it defines. Cells are put in the learner's own order, with the course's ids, as `grader.inside.load`
wants them. The marker comes here with every notebook; the release it compares with is the instructor's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from grader.checks.catalog import Exercise
from grader.inside.cells import Cell
from grader.marking.intake.defines import defined, goes_on, likeness, perhaps_defined
from grader.marking.intake.notebook import NotebookError, RawCell, RawNotebook, read_cells
from grader.marking.intake.released import (
    Released,
    checked_slug,
    has_its_checksum,
    is_named_by_its_text,
    normal,
    released,
)
from grader.marking.intake.sentences import Notes, shown
from grader.marking.intake.text import decode, sides_of_conflict, without_surrogates

_LOOKED_AT = 40
_LIKE_ENOUGH = 0.4
_EMPTY, _STARTER, _CHANGED = 0, 1, 2


@dataclass(slots=True)
class Repaired:
    """What a notebook answers.

    `cells` are its code cells in order, ``id`` being the course's, or empty for cells of the learner's own. `sources`
    holds the text of each answer found, `untouched` the slugs whose text is the starter, `missing` a sentence for each
    that is not there, `repairs` slug -> sentences about what was put right, `notes` what concerns the whole file.
    """

    cells: list[Cell] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    untouched: set[str] = field(default_factory=set)
    missing: dict[str, str] = field(default_factory=dict)
    repairs: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def begun(self) -> int:
        """How many answers are there and are not the starter."""
        return len(self.sources) - len(self.untouched)


def answers(data: bytes, release: bytes | None, exercises: Iterable[Exercise], name: str = "the notebook") -> Repaired:
    """Find the answers of `exercises` in the notebook `data`. Never raises for anything that is in it.

    Args:
        data: what the learner handed in.
        release: the same notebook as the course handed it out; None where that is not at hand.
        exercises: all of this notebook's, in the order of the course. Answers that are files are not looked for here.
        name: what to call the notebook in sentences.
    """
    asked = list(exercises)
    course = released(release, asked)
    try:
        readings = read_cells(data, name)
    except NotebookError as error:
        return Repaired(missing={e.slug: str(error) for e in asked if e.file is None})
    found = [_Desk(reading, course, asked, shown(name)).repaired() for reading in readings]
    best = max(found, key=lambda each: each.begun)  # one's own side, unless the other has more
    for other in found:
        for slug, source in other.sources.items():
            if other is not best and best.sources.get(slug, source) != source:
                side = "your own side" if best is found[0] else "the other side, which has more answers,"
                best.repairs.setdefault(slug, []).append(
                    f"The merge conflict left two versions of this answer; {side} counts."
                )
    return best


@dataclass(slots=True)
class FileAnswer:
    """An answer that is a file: its text, whether that is the starter, and what was put right."""

    text: str
    untouched: bool
    repairs: list[str]


def file_answer(data: bytes, release: bytes | None) -> FileAnswer:
    """The text of a ``.py`` file, of whatever encoding and line ends. Never raises."""
    text, told = decode(data)
    repairs = [told] if told else []
    if sides := sides_of_conflict(text):
        text = sides[0]
        repairs.append("An unresolved merge conflict was in it; your own side counts. Choose a side and save it again.")
    text = without_surrogates(text.replace("\r\n", "\n").replace("\r", "\n"))
    starter = decode(release)[0] if release is not None else None
    return FileAnswer(text, starter is not None and normal(text) == normal(starter.replace("\r\n", "\n")), repairs)


@dataclass(slots=True)
class _Choice:
    """The cells that are the answer of an exercise, in order; and copies that must not be run after it."""

    parts: list[int]
    dropped: list[int] = field(default_factory=list)
    merged: bool = False


class _Desk:
    """One notebook laid out beside its release."""

    def __init__(self, notebook: RawNotebook, course: Released, exercises: Sequence[Exercise], name: str) -> None:
        self._cells = notebook.cells
        self._course = course
        self._all = exercises
        self._asked = [e for e in exercises if e.file is None]
        self._name = name
        self._notes = Notes(notebook.notes)
        self._repairs: dict[str, Notes] = {}
        self._defined: dict[int, Counter[str]] = {}
        self._perhaps: dict[int, set[str]] = {}
        self._answers = {e.cell_id for e in exercises}
        self._known = {*course.order, *self._answers, *(f"{e.cell_id}-check" for e in exercises)}
        self._id = [self._id_of(c) for c in self._cells]
        self._by_text()
        self._at: dict[str, list[int]] = {}
        for position, found in enumerate(self._id):
            if found:
                self._at.setdefault(found, []).append(position)
        self._code = [c.position for c in self._cells if c.kind == "code" and c.source.strip()]
        self._code_index = {position: index for index, position in enumerate(self._code)}
        self._free = [p for p in self._code if not self._id[p]]

    def repaired(self) -> Repaired:
        found = Repaired()
        choices: dict[str, _Choice] = {}
        for e in self._asked:
            if at := self._at.get(e.cell_id):
                choices[e.slug] = self._chosen(e, at)
        for e in self._asked:
            choice = choices.get(e.slug)
            if choice is None or max(self._worth(p, e) for p in choice.parts) < _CHANGED:
                other = self._elsewhere(e) if choice is not None else self._searched(e)
                if other is not None:
                    other.dropped += [*choice.parts, *choice.dropped] if choice is not None else []
                    choices[e.slug] = other
        for e in self._asked:
            if e.slug not in choices:
                found.missing[e.slug] = (
                    f"The cell of {e.slug} is not in {self._name}. "
                    f"`course reset {e.slug}` brings its starter back and keeps everything else."
                )
                continue
            text, is_starter = self._text(e, choices[e.slug])
            found.sources[e.slug] = text
            if is_starter and not self._is_perhaps_elsewhere(e, choices[e.slug]):
                found.untouched.add(e.slug)
        found.cells = self._in_order(choices, found.sources)
        self._look_at_locked(choices)
        found.repairs = {slug: list(notes.all()) for slug, notes in self._repairs.items()}
        found.notes = list(self._notes.all())
        return found

    def _tell(self, e: Exercise, sentence: str) -> None:
        self._repairs.setdefault(e.slug, Notes(limit=10)).add(sentence)

    def _id_of(self, cell: RawCell) -> str:
        return next((n for n in cell.names if n in self._known), "")

    def _by_text(self) -> None:
        """Recognise cells of the course that lost their ids and still say what they said."""
        there = set(self._id)
        checks = {f'check("{e.slug}")': f"{e.cell_id}-check" for e in self._all}
        for cell in self._cells:
            if self._id[cell.position] or cell.kind != "code":
                continue
            text = normal(cell.source)
            found = self._course.plain.get(text) or checks.get(text.strip())
            if found is not None and found not in there:
                self._id[cell.position] = found
                there.add(found)

    def _defines(self, position: int, e: Exercise) -> set[str]:
        """Which of the names that `e` asks for the cell defines."""
        if position not in self._defined:
            self._defined[position] = defined(self._cells[position].source)
        return {n for n in e.names if n in self._defined[position]}

    def _worth(self, position: int, e: Exercise) -> int:
        cell = self._cells[position]
        if not cell.source.strip():
            return _EMPTY
        starter = self._course.starter(e)
        as_released = has_its_checksum(cell) if starter is None else normal(cell.source) == normal(starter)
        return _STARTER if as_released else _CHANGED

    def _chosen(self, e: Exercise, positions: list[int]) -> _Choice:
        """Which of several cells count: what was changed, and of whole answers the last."""
        code = [p for p in positions if self._cells[p].kind == "code"]
        prose = [p for p in positions if self._cells[p].kind != "code"]
        changed = [p for p in code if self._worth(p, e) == _CHANGED]
        if not changed:
            changed = [p for p in prose if self._worth(p, e) == _CHANGED and (self._defines(p, e) or not code)]
        if not changed:
            best = max(code or prose, key=lambda p: (self._worth(p, e), p))
            return _Choice([best], [p for p in positions if p != best])
        parts = changed[-1:]
        have = self._defines(parts[0], e)
        for p in reversed(changed[:-1]):
            names = self._defines(p, e)
            if names & have:
                self._tell(e, "It was there more than once; the last one that is not the starter counts.")
                break
            if names or self._are_neighbours(p, parts[0]) or goes_on(self._cells[parts[0]].source):
                parts.insert(0, p)
                have |= names
        self._grow(e, parts, have)
        if len(parts) > 1:
            self._tell(e, f"It was split over {len(parts)} cells; they were joined.")
        elif len(positions) > 1 and len(changed) == 1:
            self._tell(e, "A copy of its cell was there; the one that is not the starter counts.")
        if any(self._cells[p].kind != "code" for p in parts):
            self._tell(e, "Its cell is no code cell any more; it was read as one. Change its type back to Code.")
        dropped = [p for p in positions if p not in parts and self._worth(p, e) != _CHANGED]
        return _Choice(parts, dropped)

    def _are_neighbours(self, one: int, other: int) -> bool:
        """Whether no other code stands between two code cells."""
        a, b = self._code_index.get(one), self._code_index.get(other)
        return a is not None and b is not None and b - a == 1

    def _grow(self, e: Exercise, parts: list[int], have: set[str]) -> None:
        """Add cells of nobody right before and behind that are pieces of the same answer."""
        wanted = set(e.names)
        for step in (1, -1):
            while (q := self._next_free(parts[-1] if step == 1 else parts[0], step)) is not None:
                behind = self._cells[q if step == 1 else parts[0]].source
                names = self._defines(q, e)
                if not goes_on(behind) and not names & (wanted - have):
                    break
                if step == 1:
                    parts.append(q)
                else:
                    parts.insert(0, q)
                have |= names

    def _next_free(self, position: int, step: int) -> int | None:
        index = self._code_index.get(position)
        if index is None or not 0 <= index + step < len(self._code):
            return None
        q = self._code[index + step]
        return q if not self._id[q] else None

    def _elsewhere(self, e: Exercise) -> _Choice | None:
        """An answer in a cell of the learner's own, while its cell still is the starter or empty."""
        if not e.names:
            return None
        found = [p for p in self._free if self._defines(p, e) == set(e.names) and self._worth(p, e) == _CHANGED]
        host = self._merged_into(e) if not found else None
        if not found and host is None:
            return None
        self._tell(e, "Its cell is not begun, but another cell defines what it asks for; that one counts.")
        return self._chosen(e, found) if host is None else _Choice([host], merged=True)

    def _searched(self, e: Exercise) -> _Choice | None:
        """An answer whose cell is not there by any name."""
        low, high = self._window(e)
        inside = [p for p in self._free if low < p < high]
        found = [p for p in inside if self._defines(p, e)]
        found = found or [p for p in self._free if e.names and self._defines(p, e) == set(e.names)]
        found = found or [p for p in self._free if self._defines(p, e)]
        if not found:
            found = [
                c.position
                for c in self._cells
                if c.kind != "code" and self._defines(c.position, e) and normal(c.source) not in self._course.prose
            ]
        if found:
            self._tell(e, "Its cell had lost its id; it was found by its place and by what it defines.")
            return self._chosen(e, found)
        if (host := self._merged_into(e)) is not None:
            self._tell(e, "Its cell was merged with another one; it was found in there.")
            return _Choice([host], merged=True)
        starter = self._course.starter(e)
        if starter is None:
            return None
        near = [(likeness(self._cells[p].source, starter), p) for p in inside[:_LOOKED_AT]]
        best, at = max(near, default=(0.0, 0))
        if best < _LIKE_ENOUGH:
            return None
        self._tell(e, "Its cell had lost its id; the likest one at its place was taken.")
        return _Choice([at])

    def _is_perhaps_elsewhere(self, e: Exercise, choice: _Choice) -> bool:
        """Whether code of the learner's own, outside of the answer's cells, may define what `e` asks for.

        Where there is such a thing, an answer that is the starter is run all the same: nothing is lost by asking.
        """
        own = (p for p in self._code if p not in choice.parts and p not in choice.dropped)
        return any(not self._perhaps_defined(p).isdisjoint(e.names) for p in own)

    def _perhaps_defined(self, position: int) -> set[str]:
        if position not in self._perhaps:
            cell = self._cells[position]
            known = self._course.text.get(self._id[position])
            as_released = (known is not None and normal(cell.source) == normal(known)) or (
                is_named_by_its_text(cell) or has_its_checksum(cell)
            )
            self._perhaps[position] = set() if as_released else perhaps_defined(cell.source)
        return self._perhaps[position]

    def _window(self, e: Exercise) -> tuple[int, int]:
        """Between which positions the answer of `e` stood: those of the nearest cells that are known."""
        order = self._course.order
        at = order.index(e.cell_id) if e.cell_id in order else len(order)
        before = [self._at[name][-1] for name in order[:at] if name in self._at]
        low = before[-1] if before else -1
        high = next((p for name in order[at + 1 :] for p in self._at.get(name, ()) if p > low), len(self._cells))
        return low, high

    def _merged_into(self, e: Exercise) -> int | None:
        wanted = set(e.names)
        for p in reversed(self._code):
            if self._id[p] not in ("", e.cell_id) and wanted and self._defines(p, e) == wanted:
                already = defined(self._course.text.get(self._id[p], ""))
                if not wanted & set(already):
                    return p
        return None

    def _text(self, e: Exercise, choice: _Choice) -> tuple[str, bool]:
        """The answer, without cells of the course that were merged into it; and whether it is the starter."""
        cells = [self._cells[p] for p in choice.parts]
        text = "\n".join(_without_fence(c.source) if c.kind != "code" else c.source for c in cells)
        starter = self._course.starter(e)
        for name in self._course.order:
            if name in self._answers or (name in self._at and self._at[name] != choice.parts):
                continue
            released_text = self._course.text.get(name, "").strip("\n")
            if released_text and (starter is None or released_text not in starter):
                cut = _without_block(text, released_text)
                if cut is not None:
                    text = cut
                    self._tell(e, "A cell of the course was merged into it; that was taken out again.")
        if starter is None:
            return text, max(self._worth(p, e) for p in choice.parts) == _STARTER
        if not choice.merged:
            return text, normal(text) == normal(starter)
        names, then = defined(text), defined(starter)
        return text, normal(starter) in normal(text) and all(names[n] == then[n] for n in e.names)

    def _in_order(self, choices: dict[str, _Choice], sources: dict[str, str]) -> list[Cell]:
        ends: dict[int, list[Exercise]] = {}
        out: set[int] = set()
        for e in self._asked:
            if (choice := choices.get(e.slug)) is not None:
                ends.setdefault(choice.parts[-1], []).append(e)
                out.update(choice.parts[:-1], choice.dropped)
        found = []
        taken = {e.cell_id for e in self._asked}
        for cell in self._cells:
            if (here := ends.get(cell.position)) is not None:
                found += [Cell(e.cell_id, sources[e.slug]) for e in here]
            elif cell.kind == "code" and cell.position not in out:
                name = self._id[cell.position]
                # An older version of an answer: what it defines may be needed, but it is not the answer.
                found.append(Cell("" if name in taken else name, cell.source))
        return found

    def _look_at_locked(self, choices: dict[str, _Choice]) -> None:
        """Say that edits of what nobody is asked to edit change nothing."""
        used = {p for choice in choices.values() for p in choice.parts}
        by_check = {f"{e.cell_id}-check": e for e in self._all}
        for name, positions in self._at.items():
            at = positions[-1]
            cell = self._cells[at]
            e = by_check.get(name)
            if e is not None and "points" in cell.nbgrader and cell.nbgrader["points"] != e.points:
                self._tell(e, f"Its points were edited in the notebook; it is worth {e.points}, as the course says.")
            if name not in self._course.locked or at in used:
                continue
            if normal(cell.source) == normal(self._course.text.get(name, "")):
                continue
            if e is None:
                self._notes.add(f"The locked cell {name} was edited; the course's own counts.")
            elif checked_slug(cell.source) != e.slug or len(normal(cell.source).split("\n")) > 1:
                self._tell(e, "Its check cell was edited; the course's own check was used.")


def _without_block(text: str, block: str) -> str | None:
    """`text` without the lines of `block` and the empty lines that a merge put around it; None if it is not there."""
    at = f"\n{text}\n".find(f"\n{block}\n")
    if at < 0:
        return None
    before, behind = text[:at].rstrip("\n"), text[at + len(block) :].lstrip("\n")
    return f"{before}\n\n{behind}" if before and behind else before or behind


def _without_fence(text: str) -> str:
    """What is between the fences of a Markdown code block; the text itself where there are none."""
    lines = text.strip().split("\n")
    if len(lines) > 2 and lines[0].startswith("```") and lines[-1].strip() == "```":
        return "\n".join(lines[1:-1])
    return text
