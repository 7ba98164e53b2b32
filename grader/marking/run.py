"""Run the checks of one exercise on one answer, in this process.

The notebook calls this in the learner's own kernel; the worker of `grader.marking.worker` calls it in a process
of its own. Only what stands behind `Answer` differs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from grader.checks.catalog import Exercise
from grader.checks.session import PROMISE_SECONDS, CheckRun, CheckSession
from grader.inside.answer import Answer
from grader.inside.printed import BoundedText
from grader.marking.result import ExerciseResult
from grader.servers import Server, at_least, scratch


def run_exercise(
    exercise: Exercise, answer: Answer, server: Server | None = None, seconds: float = PROMISE_SECONDS
) -> ExerciseResult:
    """Check `answer` against every promise of `exercise`.

    Args:
        exercise: what was promised.
        answer: what the learner wrote, behind its narrow door.
        server: a Redis that may be emptied; the process's scratch server by default.
        seconds: the deadline of each promise.

    Returns:
        The result; a failure of the check itself is a result with status ``error``, not an exception.

    Raises:
        NoRedisFound: when no Redis can be started or reached.
    """
    found = server or scratch(exercise.needs)
    run = CheckRun(exercise, lambda: answer, lambda: found)
    return run_exercises([run], seconds)[0]


def run_exercises(
    runs: Sequence[CheckRun],
    seconds: float = PROMISE_SECONDS,
    on_result: Callable[[ExerciseResult], object] = lambda result: None,
) -> list[ExerciseResult]:
    """Check the answers of several exercises of one check file, which costs less than one after another.

    Args:
        runs: the exercises and where their answers and servers come from.
        seconds: the deadline of each promise.
        on_result: called with each result as it comes.

    Returns:
        The results in the order of `runs`; failures as in `run_exercise`, and of getting a server or answer as well.

    Raises:
        NoRedisFound, ServerError: when there is no server to ask for its version.
    """
    results: dict[str, ExerciseResult] = {}
    able = []
    for run in runs:
        needs = run.exercise.needs
        version = run.server().version if needs else ()
        if needs and not at_least(run.server().version, needs):
            result = _empty(run.exercise)
            result.status = "skipped"
            said = ".".join(map(str, version))
            result.note = f"needs Redis {needs} or newer; this one is {said}. It costs you nothing."
            results[run.exercise.slug] = result
            on_result(result)
        else:
            able.append(run)
    printed = BoundedText()

    def end(run: CheckRun) -> None:
        result = results[run.exercise.slug] = _judged(run)
        result.printed = printed.drain().strip()
        on_result(result)

    if able:
        session = CheckSession(able, seconds, end)
        with redirect_stdout(printed), redirect_stderr(printed):
            code = _pytest(able[0].exercise.check, session)
        for run in able:
            if run.exercise.slug not in results:
                told = (
                    session.collection_errors[0].strip().splitlines()[-1]
                    if session.collection_errors
                    else f"exit {code}"
                )
                result = results[run.exercise.slug] = _empty(run.exercise)
                result.note = f"The check of {run.exercise.slug} could not be run ({told}). This is not your fault."
                on_result(result)
    return [results[run.exercise.slug] for run in runs]


def _empty(exercise: Exercise) -> ExerciseResult:
    return ExerciseResult(exercise.slug, exercise.title, "error", 0.0, exercise.points)


def _judged(run: CheckRun) -> ExerciseResult:
    """What the promises of one exercise come to: points are for evidence only, for every promise kept."""
    result = _empty(run.exercise)
    result.promises = run.promises
    result.seconds = run.ended - run.began
    statuses = {p.status for p in run.promises}
    if "error" in statuses:
        result.note = "The check itself failed. This is not your fault; please report it."
    elif "broken" in statuses:
        first = result.first_broken
        result.status = "todo" if first is not None and first.kind == "todo" else "wrong"
    elif statuses == {"skipped"}:
        result.status, result.note = "skipped", run.promises[0].happened
    elif statuses and statuses <= {"kept", "skipped"}:
        result.status, result.earned = "solved", float(run.exercise.points)
    else:
        result.note = "The check did not come to its end. This is not your fault; please report it."
    return result


def _pytest(check: Path, session: CheckSession) -> int:
    """Run one check file under pytest, quietly and without anything the surroundings might plant."""
    arguments = [
        str(check),
        "--disable-plugin-autoload",
        f"--rootdir={check.parent}",
        f"--confcutdir={check.parent}",
        "-c", os.devnull,
        "-p", "no:terminal", "-p", "no:cacheprovider", "-p", "no:capture", "-p", "no:logging", "-p", "no:faulthandler",
        "-p", "no:doctest", "-p", "no:junitxml", "-p", "no:unittest", "-p", "no:setuponly", "-p", "no:stepwise",
        "-p", "no:debugging", "-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:pastebin",
        "-p", "no:legacypath", "-p", "no:tmpdir", "-p", "no:monkeypatch", "-p", "no:recwarn", "-p", "no:warnings",
    ]  # fmt: skip
    before = os.environ.pop("PYTEST_ADDOPTS", None), os.environ.pop("PYTEST_PLUGINS", None)
    # An outer pytest (our own tests) keeps its current test in this variable.
    current = os.environ.get("PYTEST_CURRENT_TEST")
    argv = sys.argv
    try:
        return int(pytest.main(arguments, plugins=[session]))
    finally:
        sys.argv = argv
        for name, value in zip(("PYTEST_ADDOPTS", "PYTEST_PLUGINS"), before, strict=True):
            if value is not None:
                os.environ[name] = value
        if current is not None:
            os.environ["PYTEST_CURRENT_TEST"] = current
