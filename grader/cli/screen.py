"""The terminal: one console for output, one for errors, and how results look there."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, ParamSpec

import typer
from rich.console import Console
from rich.text import Text

from grader.checks import Catalog, Exercise
from grader.marking import ExerciseResult
from grader.notebook.card import MARKS, ResultCard

P = ParamSpec("P")

STATUS_MARK = {"solved": ("✔", "green"), "wrong": ("✘", "red"), "todo": ("·", "dim"), "skipped": ("–", "dim"),
               "error": ("!", "yellow")}  # fmt: skip


@lru_cache(maxsize=1)
def out() -> Console:
    """Standard output. Colours only on a terminal; NO_COLOR is honoured."""
    return Console(highlight=False, soft_wrap=False)


@lru_cache(maxsize=1)
def errors() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


def with_status(command: Callable[P, int]) -> Callable[P, None]:
    """`command` for Typer: the number it returns becomes the exit status."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        raise typer.Exit(command(*args, **kwargs))

    return run


def print_json(data: Any) -> None:
    """One JSON document on standard output, and nothing else there."""
    out().file.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def result_line(result: ExerciseResult, width: int) -> Text:
    """One line: mark, slug, title, points, and for a wrong answer its misconception or first broken promise."""
    mark, colour = STATUS_MARK[result.status]
    line = Text.assemble((f" {mark} ", colour), (result.slug.ljust(width), "bold" if result.status == "wrong" else ""))
    if result.points:
        line.append(f" {result.earned:g}/{result.points}".ljust(6), "dim")
    else:
        line.append("      ")
    if result.status == "wrong":
        first = result.first_broken
        told = result.misconception or (first.happened if first else result.note)
        line.append(f" {told}", "red")
    elif result.status == "todo":
        line.append(f" {result.title}", "dim")
    elif result.status in {"skipped", "error"}:
        line.append(f" {result.note}", colour)
    else:
        line.append(f" {result.title}")
    line.truncate(max(out().width, 60), overflow="ellipsis")
    return line


def print_card(exercise: Exercise, result: ExerciseResult, hints_shown: int) -> None:
    """The whole card of one result."""
    colours = {"✔": "green", "✘": "red", "!": "yellow", "·": "dim"}
    card = ResultCard(exercise, result, hints_shown)
    for line in card.lines(min(out().width, 100) - 2):
        text = Text(line)
        stripped = line.lstrip()
        if stripped[:1] in MARKS.values() and stripped[1:2] == " ":
            at = len(line) - len(stripped)
            text.stylize(colours.get(stripped[0], "dim"), at, at + 1)
        name = result.misconception
        if name and stripped.startswith(f"{name}:"):
            at = len(line) - len(stripped)
            text.stylize("bold yellow", at, at + len(name))
        out().print(text)


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
