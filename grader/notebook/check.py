"""``check("week1.page-views")`` and ``hint()``: what a learner types in a notebook."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import Any

from grader.checks import Answer, Exercise, UnknownExerciseError, catalog
from grader.checks.stages.catalog import Stage
from grader.marking import ExerciseResult, run_exercise
from grader.marking.place import NotInCourseError, course_folder
from grader.notebook.card import HintCard, ResultCard
from grader.notebook.kernel import watcher
from grader.notebook.progress import Progress
from grader.notebook.quiet import Quiet
from grader.servers import ServerError


class NotYet(Quiet):
    """Raised by `check` while promises are broken, so that Validate and nbgrader see it; shown as one line."""


def check(slug: str | None = None) -> None:
    """Check an answer against a fresh Redis of its own; your keys are not touched.

    Args:
        slug: the exercise, ``"week1.page-views"``, or a stage of your own Redis, ``"mini.append"``, whose saved files
            are checked; without it the exercise of this cell or of the answer you ran last.

    Raises:
        NotYet: when a promise is broken; the card above it says which and why.
        Quiet: for an unknown name or when there is no Redis.
    """
    if slug is not None and slug.startswith("mini."):
        _check_stage(slug)
        return
    exercise = _exercise(slug)
    kernel = watcher()
    names = kernel.shell.user_ns if kernel is not None else _caller_names()
    trouble = kernel.trouble.get(exercise.slug) if kernel is not None else None
    answer = Answer(names, exercise.slug, trouble) if exercise.file is None else _file_answer(exercise)
    try:
        with kernel.as_after(exercise) if kernel is not None else nullcontext():
            result = run_exercise(exercise, answer)
    except ServerError as error:
        raise Quiet(f"The check needs a Redis and has none: {error}") from None
    progress = _progress()
    hints_shown = 0
    if progress is not None and result.status not in {"error", "skipped"}:
        hints_shown = progress.tried(exercise.slug, result.status == "solved").hints
    _show(ResultCard(exercise, result, hints_shown))
    if result.status not in {"solved", "skipped"}:
        raise NotYet(_one_line(result))


def hint(slug: str | None = None, number: int | None = None) -> None:
    """Show the next hint of an exercise, from the idea to nearly the code.

    Args:
        slug: the exercise or stage; without it the exercise of this cell or of the answer you ran last.
        number: a particular hint, from 1.

    Raises:
        Quiet: for an unknown name or number.
    """
    exercise: Exercise | Stage = _exercise(slug) if slug is None or not slug.startswith("mini.") else _stage(slug)
    progress = _progress()
    shown = progress.read().get(exercise.slug) if progress is not None else None
    wanted = number if number is not None else min((shown.hints if shown else 0) + 1, len(exercise.hints))
    if not 1 <= wanted <= len(exercise.hints):
        raise Quiet(f"{exercise.slug} has hints 1 to {len(exercise.hints)}.")
    if progress is not None:
        progress.hinted(exercise.slug, wanted)
    _show(HintCard(exercise, wanted))


def _check_stage(slug: str) -> None:
    from grader.notebook.own_server import check_stage

    card = check_stage(slug)
    _show(card)
    if not card.outcome.green:
        raise NotYet(f"✘ {card.stage.slug} is not there yet. hint({card.stage.slug!r}) shows the next hint.")


def _stage(slug: str) -> Stage:
    from grader.notebook.own_server import find_stage

    stage = find_stage(slug)
    if stage.locked:
        raise Quiet(f"{stage.slug} is locked: {stage.locked}")
    return stage


def _exercise(slug: str | None) -> Exercise:
    try:
        if slug is not None:
            return catalog()[slug]
    except UnknownExerciseError as unknown:
        raise Quiet(str(unknown)) from None
    kernel = watcher()
    found = kernel.nearest(catalog()) if kernel is not None else None
    if found is None:
        raise Quiet('Which exercise? Run its answer cell first, or name it: check("week1.page-views").')
    return found


def _file_answer(exercise: Exercise) -> Answer:
    """The names in the file beside the notebook, read afresh."""
    from pathlib import Path

    from grader.inside.load import load_file

    try:
        folder = course_folder() / "notebooks"
        beside = folder / f"{exercise.notebook}.ipynb"
        path = beside.parent / str(exercise.file)
    except NotInCourseError:
        path = Path.cwd() / str(exercise.file)
    # nbgrader runs a submission in a folder of its own: the file next to the running notebook is the answer there.
    here = Path.cwd() / str(exercise.file)
    return load_file(here if here.is_file() else path, exercise).answer(exercise)


def _caller_names() -> dict[str, Any]:
    frame = sys._getframe(2)
    return frame.f_globals


def _progress() -> Progress | None:
    try:
        return Progress(course_folder())
    except NotInCourseError:
        return None


def _show(card: Any) -> None:
    if watcher() is None:
        print(card)  # noqa: T201 - plain Python, no display
        return
    from IPython.display import display

    display(card)


def _one_line(result: ExerciseResult) -> str:
    if result.status == "error":
        return f"{result.slug}: the check could not be run; this is not your fault. {result.note}"
    total = len(result.promises)
    return f"✘ {result.slug}: {result.kept} of {total} promises kept. hint() shows the next hint."


watcher()
