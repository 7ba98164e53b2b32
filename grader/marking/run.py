"""Run the checks of one exercise on one answer, in this process.

The notebook calls this in the learner's own kernel; the worker of `grader.marking.worker` calls it in a process
of its own. Only what stands behind `Answer` differs.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from grader.checks.catalog import Exercise
from grader.checks.session import PROMISE_SECONDS, CheckSession
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
    start = time.perf_counter()
    result = ExerciseResult(exercise.slug, exercise.title, "error", 0.0, exercise.points)
    server = server or scratch(exercise.needs)
    if exercise.needs and not at_least(server.version, exercise.needs):
        version = ".".join(map(str, server.version))
        result.status = "skipped"
        result.note = f"needs Redis {exercise.needs} or newer; this one is {version}. It costs you nothing."
        return result
    session = CheckSession(exercise, answer, server, seconds)
    printed = BoundedText()
    with redirect_stdout(printed), redirect_stderr(printed):
        code = _pytest(exercise.check, session)
    result.promises = session.promises
    result.printed = printed.getvalue().strip()
    result.seconds = time.perf_counter() - start
    statuses = {p.status for p in session.promises}
    if session.collection_errors or not session.promises:
        detail = session.collection_errors[0].strip().splitlines()[-1] if session.collection_errors else f"exit {code}"
        result.note = f"The check of {exercise.slug} could not be run ({detail}). This is not your fault."
    elif "error" in statuses:
        result.note = "The check itself failed. This is not your fault; please report it."
    elif "broken" in statuses:
        first = result.first_broken
        result.status = "todo" if first is not None and first.kind == "todo" else "wrong"
    elif statuses == {"skipped"}:
        result.status, result.note = "skipped", session.promises[0].happened
    elif statuses <= {"kept", "skipped"}:
        result.status, result.earned = "solved", float(exercise.points)
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
