"""The terminal: one console for output, one for errors, and how results look there."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Protocol

from rich.console import Console
from rich.text import Text

from grader.checks import Catalog, Exercise
from grader.marking import ExerciseResult
from grader.marking.printable import printable
from grader.notebook.card import MARKS, ResultCard

STATUS_MARK = {"solved": ("✔", "green"), "wrong": ("✘", "red"), "todo": ("·", "dim"), "skipped": ("–", "dim"),
               "error": ("!", "yellow")}  # fmt: skip
_WIDEST = 100
shown = printable


@lru_cache(maxsize=1)
def out() -> Console:
    """Standard output. Colours only on a terminal, and NO_COLOR is honoured; a file or pipe gets whole lines."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.soft_wrap = True
        if "COLUMNS" not in os.environ:
            console.width = 120  # for tables
    return console


@lru_cache(maxsize=1)
def errors() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def print_json(data: Any) -> None:
    """One JSON document on standard output, and nothing else there."""
    out().file.write(json.dumps(data, indent=2) + "\n")


def width() -> int:
    """How many columns a paragraph may take."""
    return min(out().width, _WIDEST) if out().is_terminal else _WIDEST


def result_line(result: ExerciseResult, column: int, untouched: bool = False) -> Text:
    """One line: mark, slug, points, title, and for a wrong answer its misconception or first broken promise.

    Args:
        result: what was found.
        column: how wide the slugs are set (`slug_width`).
        untouched: the answer is still the starter, so it is no wrong answer of the learner's.
    """
    status = "todo" if untouched and result.status == "wrong" else result.status
    mark, colour = STATUS_MARK[status]
    line = Text.assemble((f" {mark} ", colour), (result.slug.ljust(column), "bold" if status == "wrong" else ""))
    if result.points:
        line.append(f" {result.earned:g}/{result.points}".ljust(6), "dim")
    else:
        line.append("      ")
    if status == "wrong":
        first = result.first_broken
        told = result.misconception or (first.happened if first else result.note)
        line.append(f" {_one_line(told)}", "red")
    elif status in {"skipped", "error"}:
        line.append(f" {_one_line(result.note)}", colour)
    else:
        line.append(f" {result.title}", "dim" if status == "todo" else "")
    if out().is_terminal:
        line.truncate(max(out().width, 40), overflow="ellipsis")
    return line


def _one_line(text: str) -> str:
    return shown(" ".join(text.split()))


class _TerminalCard(ResultCard):
    """The card with the commands of a terminal in its last line."""

    def _next_hint(self) -> str:
        slug, total = self.exercise.slug, len(self.exercise.hints)
        if self.hints_shown >= total:
            return f"All {total} hints are shown; `course hint {slug} -n 1` shows the first one again."
        return f"`course hint {slug}` shows hint {self.hints_shown + 1} of {total}."


def print_card(exercise: Exercise, result: ExerciseResult, hints_shown: int) -> None:
    """The whole card of one result."""
    colours = {"✔": "green", "✘": "red", "!": "yellow", "·": "dim"}
    card = _TerminalCard(exercise, result, hints_shown)
    for number, line in enumerate(card.lines(width() - 2)):
        text = Text(shown(line), "bold" if number == 0 else "")
        stripped = line.lstrip()
        at = len(line) - len(stripped)
        if stripped[:1] in MARKS.values() and stripped[1:2] == " ":
            text.stylize(colours.get(stripped[0], "dim"), at, at + 1)
        name = result.misconception
        if name and stripped.startswith(f"{name}:"):
            text.stylize("bold yellow", at, at + len(name))
        out().print(text)


class _WithHints(Protocol):
    @property
    def slug(self) -> str: ...

    @property
    def hints(self) -> tuple[str, ...]: ...


def print_hint(exercise: _WithHints, number: int) -> None:
    """Hint `number` (from 1) of an exercise or stage: paragraphs wrapped, code as it is."""
    out().print(Text.assemble((f"Hint {number} of {len(exercise.hints)}", "bold"), (f"  {exercise.slug}", "dim")))
    for index, part in enumerate(exercise.hints[number - 1].split("```")):
        if index % 2:
            code = part.partition("\n")[2] if "\n" in part else part
            out().print(Text(textwrap.indent(code.strip("\n"), "    "), "cyan"))
            continue
        for paragraph in part.strip().split("\n\n"):
            if paragraph.strip():
                out().print(Text(textwrap.fill(" ".join(paragraph.split()), width() - 2,
                                               initial_indent="  ", subsequent_indent="  ")))  # fmt: skip


def totals(results: Iterable[ExerciseResult]) -> str:
    """``7 of 28 exercises solved, 12 of 51 points``."""
    results = list(results)
    solved = sum(r.status == "solved" for r in results)
    earned = sum(r.earned for r in results)
    possible = sum(r.points for r in results if r.status not in {"skipped", "error"})
    return f"{solved} of {len(results)} exercises solved, {earned:g} of {possible} points"


def slug_width(exercises: Catalog | Iterable[Exercise]) -> int:
    """How wide the column of slugs has to be."""
    return max((len(e.slug) for e in exercises), default=10)


def bar(done: int, of: int, cells: int) -> Text:
    """A progress bar of `cells` characters; full only when all is done, empty only when nothing is."""
    filled = round(cells * done / of) if of else 0
    if 0 < done < of:
        filled = min(max(filled, 1), cells - 1)
    # Without colours the two halves have to differ in form.
    rest = "━" if out().color_system and not out().no_color else "─"
    return Text.assemble(("━" * filled, "green"), (rest * (cells - filled), "bright_black"))
