"""How a command ends: its exit status, and one clear sentence for every error that a person can cause.

0 done and right; 1 something is not right; 2 the call could not be carried out; 3 the grader itself failed;
130 and more: ended by a signal. Every command of `course` is registered through `with_status`.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import ParamSpec

import typer
from rich.text import Text

from grader.cli.screen import errors
from grader.marking.printable import printable

P = ParamSpec("P")

# By name: importing the modules of all of them would cost every mistyped word seconds.
_EXPECTED = {
    "grader.authoring.build.BuildError",
    "grader.authoring.expand.SourceError",
    "grader.checks.catalog.CatalogError",
    "grader.checks.catalog.UnknownExerciseError",
    "grader.checks.quiz.QuizError",
    "grader.checks.soak.run.NotReadyError",
    "grader.checks.stages.catalog.UnknownStageError",
    "grader.checks.stages.reference.NoReferenceError",
    "grader.checks.stages.regions.RegionError",
    "grader.checks.stages.zoo.ZooError",
    "grader.cli.outcome.CallError",
    "grader.cohort.errors.CohortError",
    "grader.marking.grade.NothingToGradeError",
    "grader.marking.place.NotInCourseError",
    "grader.marking.receipts.KeyProblemError",
    "grader.marking.sandbox.choose.SandboxMissing",
    "grader.marking.untrusted.UntrustedError",
    "grader.notebook.lab.LabError",
    "grader.notebook.reset.ResetError",
    "grader.servers.errors.ServerError",
    "redis.exceptions.RedisError",
}


class CallError(ValueError):
    """What was asked of a command cannot be done as it was asked; the message says why."""


def with_status(command: Callable[P, int]) -> Callable[P, None]:
    """`command` for Typer: the number it returns, or how it failed, becomes the exit status."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            status = command(*args, **kwargs)
        except KeyboardInterrupt:
            errors().print("Stopped.")
            status = 128 + signal.SIGINT
        except Exception as error:
            status = _failed(error)
        raise typer.Exit(status)

    return run


def _failed(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):
        # The reader of our output went away (`course check | head`): nothing is left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    sentence = expected(error)
    if sentence is not None:
        errors().print(Text.assemble(("course:", "bold red"), f" {printable(sentence)}"), soft_wrap=True)
        return 2
    told = printable(f"{type(error).__name__}: {error}")
    errors().print(
        Text.assemble(("course:", "bold red"), f" this is a fault of the course, not yours ({told}). {_kept(error)}"),
        soft_wrap=True,
    )
    return 3


def expected(error: Exception) -> str | None:
    """The sentence for an error that a person can cause; None for one that is a bug of ours."""
    if any(f"{kind.__module__}.{kind.__qualname__}" in _EXPECTED for kind in type(error).__mro__):
        return str(error)
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{where}"
    return None


def _kept(error: Exception) -> str:
    """Keep the traceback for whoever mends it; returns a sentence that says where."""
    text = "".join(traceback.format_exception(error))
    with contextlib.suppress(OSError):
        kept = Path(tempfile.gettempdir()) / "course-fault.txt"
        kept.write_text(f"course {' '.join(sys.argv[1:])}\n\n{text}", encoding="utf-8", errors="backslashreplace")
        return f"Please report it with the file {kept}."
    return f"Please report it:\n{text}"


def end_in_order() -> None:
    """Let SIGTERM and SIGHUP unwind this process as Ctrl-C does, so that the processes it started end with it."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # under nohup, SIGHUP stays ignored
            signal.signal(number, _leave)


def _leave(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
