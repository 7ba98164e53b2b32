"""Put the commands together and turn every expected error into one clear sentence."""

from __future__ import annotations

import os
import sys

import typer

from grader.cli import author, desk, study, teach
from grader.cli.screen import errors

app = typer.Typer(
    name="course",
    help="The Redis course: learn, check, build and grade.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode="rich",
)
desk.register(app)
study.register(app)
teach.register(app)
author.register(app)


def main() -> None:
    """Run `course`. Exit status: 0 done and right, 1 something is not right, 2 the call could not be carried out."""
    try:
        app()
    except KeyboardInterrupt:
        errors().print("Stopped.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`course check | head`): nothing left to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except Exception as error:
        sentence = expected(error)
        if sentence is None:
            raise
        errors().print(f"[bold red]course:[/] {sentence}", highlight=False, soft_wrap=True)
        sys.exit(2)


def expected(error: Exception) -> str | None:
    """The sentence for an error that a person can cause; None for one that is a bug of ours."""
    from rich.markup import escape

    from grader.authoring.build import BuildError
    from grader.authoring.expand import SourceError
    from grader.checks import UnknownExerciseError
    from grader.checks.catalog import CatalogError
    from grader.checks.quiz import QuizError
    from grader.marking.grade import NothingToGradeError
    from grader.marking.place import NotInCourseError
    from grader.notebook.lab import LabError
    from grader.notebook.reset import ResetError
    from grader.servers import ServerError

    known = (
        BuildError, SourceError, UnknownExerciseError, CatalogError, NothingToGradeError, NotInCourseError,
        ResetError, ServerError, QuizError, LabError,
    )  # fmt: skip
    if isinstance(error, known):
        return escape(str(error))
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return escape(f"{error.strerror or error}{where}")
    return None
