"""Put the commands together into `course`."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import typer

from grader.cli import author, cohort, desk, stages, study, teach, trials
from grader.cli.outcome import end_in_order

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
stages.register(app)
trials.register(app)
teach.register(app)
cohort.register(app)
author.register(app)


def main() -> None:
    """Run `course` on the arguments of this process; never returns. `grader.cli.outcome` lists the exit statuses."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A learner's text may hold what the terminal's encoding lacks: shown escaped, not a crash.
            stream.reconfigure(errors="backslashreplace")
    end_in_order()
    # For the addresses in a JSON document jsonschema compiles a grammar, which takes seconds; no notebook asks for it.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    app(prog_name="course")
