"""Which stages in front of a red one are not built, all of them in one sentence.

Somebody who begins in the middle would otherwise be told one missing stage at a time. `grader.marking.stages` asks here
when a stage of the learner's own server is red.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from pathlib import Path

from grader.checks.stages.catalog import Stage, stages
from grader.checks.stages.reference import NoReferenceError, Reference
from grader.checks.stages.regions import RegionError
from grader.marking.own_server import OwnServer


def missing_before(root: Path, own: OwnServer, stage: Stage) -> list[Stage]:
    """The stages before `stage` that still are to be built, in the order of the course."""
    before = [s for s in stages().before(stage) if not s.locked]
    standing = own.standing()
    if not any(s.slug in standing for s in before):
        return []  # those whose stubs are comments alone break nothing
    if (reference := _reference(root)) is not None:
        with contextlib.suppress(RegionError):
            standing |= own.untouched(reference)
    return [s for s in before if s.slug in standing]


def sentence_about(root: Path, stage: Stage, missing: Sequence[Stage]) -> str:
    """What is missing before `stage`, how much, and what to do about it; nothing where nothing is."""
    if not missing:
        return ""
    placed = _placed(root)
    weeks = [_week(week, stage, missing, placed) for week in dict.fromkeys(s.week for s in missing)]
    if len(missing) > 1:
        sentence = f"{len(missing)} stages that come before it are not built: {', '.join(weeks)}. "
        sentence += "Its check counts on all of them: `course check stages` begins with the first"
    else:
        sentence = f"A stage that comes before it is not built: {', '.join(weeks)}. "
        sentence += "Its check counts on that one: `course check stages` begins with it"
    if any(s.week != stage.week for s in missing):
        sentence += f", `course catchup {stage.week}` borrows those of the weeks before {stage.week}"
    return f"{sentence}."


def _week(week: str, stage: Stage, missing: Sequence[Stage], placed: Collection[str]) -> str:
    slugs = [s.slug for s in missing if s.week == week]
    all_of_it = [s.slug for s in stages().before(stage) if s.week == week and not s.locked and s.slug in placed]
    if week != stage.week and len(slugs) > 1 and set(all_of_it) <= set(slugs):
        return f"all of {week} ({len(slugs)})"
    return ", ".join(slugs)


def _placed(root: Path) -> Collection[str]:
    reference = _reference(root)
    return reference.placed if reference is not None else {s.slug for s in stages()}


def _reference(root: Path) -> Reference | None:
    try:
        return Reference.read(root)
    except NoReferenceError:
        return None
