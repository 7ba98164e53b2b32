"""Stages without code of their own: what they ask for is a consequence of stages that they need.

A reader that takes lengths at their word is binary-safe; nobody writes a line for `mini.binary`. So such a stage is
borrowed for as long as one that it rests on is, and the learner's to check again when all of them are theirs. Whoever
changes the learner's progress calls `settle`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from grader.checks.stages.catalog import Stage, stages
from grader.checks.stages.reference import NoReferenceError, Reference
from grader.notebook.progress import Entry, Progress


def settle(root: Path, known: Progress) -> None:
    """Bring what is remembered of such stages in line with those that they rest on.

    Args:
        root: the course folder, for its reference; without one nothing happens.
        known: the progress, which may be changed.
    """
    entries = known.read()
    doubtful = [
        s
        for s in stages().open
        if s.slug in entries and entries[s.slug].status == ("solved" if rests_on_borrowed(s, entries) else "borrowed")
    ]
    for stage in _without_code(root, doubtful):
        if entries[stage.slug].status == "solved":
            known.borrowed(stage.slug)
        else:
            known.forget(stage.slug)


def built_anew(root: Path, stage: Stage, known: Progress) -> None:
    """`stage` is to be built by the learner: what follows from it is to be checked again, and is borrowed no more."""
    entries = known.read()
    following = [
        s
        for s in stages().open
        if s.slug in entries and entries[s.slug].status == "borrowed" and stage in stages().under(s)
    ]
    for each in _without_code(root, following):
        known.forget(each.slug)


def rests_on_borrowed(stage: Stage, entries: Mapping[str, Entry]) -> bool:
    """Whether a stage that `stage` needs, or one that such a stage needs, is borrowed."""
    return any(s.slug in entries and entries[s.slug].status == "borrowed" for s in stages().under(stage))


def _without_code(root: Path, among: list[Stage]) -> list[Stage]:
    if not among:
        return []
    try:
        placed = Reference.read(root).placed
    except NoReferenceError:
        return []
    return [s for s in among if s.slug not in placed]
