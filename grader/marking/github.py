"""What GitHub shows of a report: annotations on lines, as workflow commands or in a check run.

A runner takes every line of a step's output that begins with ``::`` for a command. Here only our own lines do: a
stranger's text is made printable and escaped as the runner unescapes it, and while strangers' code runs, commands
are stopped by a word that nobody can guess.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from grader.checks import Catalog
from grader.checks.stages.catalog import Stages
from grader.marking.printable import one_line, printable, shortened
from grader.marking.reports import GradeReport, reason, totals
from grader.marking.result import ExerciseResult
from grader.marking.summary import as_markdown

# GitHub shows ten of each level for a step, and takes fifty for a check run.
_MOST_COMMANDS = 10
_MOST_ANNOTATIONS = 50
_LONGEST = 1500
_LEVEL = {"wrong": "error", "todo": "notice", "error": "warning"}
_API_LEVEL = {"error": "failure", "warning": "warning", "notice": "notice"}


@contextmanager
def commands_stopped(say: Callable[[str], None]) -> Iterator[None]:
    """Have the runner take no line for a command until the block ends; `say` prints a line."""
    word = secrets.token_hex(32)
    say(f"::stop-commands::{word}")
    try:
        yield
    finally:
        say(f"::{word}::")


def annotation_commands(report: GradeReport) -> list[str]:
    """The workflow commands that annotate each exercise that is not solved on its line, ten of a level at most."""
    lines = []
    for level in ("error", "warning", "notice"):
        found = [r for r in report.results if _LEVEL.get(r.status) == level]
        for r in found[:_MOST_COMMANDS]:
            place = report.place(r)
            lines.append(command(level, _message(r), file=place.file, line=str(place.line), title=_title(r)))
    return lines


def command(name: str, message: str, **properties: str) -> str:
    """A workflow command: ``::error file=a.ipynb,line=3,title=…::message``, one line whatever is in its texts."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    return f"::{name}{' ' * bool(told)}{told}::{_data(message)}"


def check_run(report: GradeReport, exercises: Catalog | Stages, name: str, success: bool) -> dict[str, Any]:
    """The body of a request that makes a check run on the report's commit (``POST …/check-runs``)."""
    shown: list[dict[str, Any]] = []
    for r in report.results:
        level = _LEVEL.get(r.status)
        if level is None or len(shown) == _MOST_ANNOTATIONS:
            continue
        place = report.place(r)
        shown.append(
            {
                "path": place.file,
                "start_line": place.line,
                "end_line": place.line,
                "annotation_level": _API_LEVEL[level],
                "title": _title(r),
                "message": _message(r),
            }
        )
    # What the grader failed at is neither: somebody has to look.
    conclusion = "success" if success else "action_required" if report.uncertain else "failure"
    return {
        "name": name,
        "head_sha": report.commit,
        "status": "completed",
        "conclusion": conclusion,
        "output": {"title": totals(report), "summary": as_markdown(report, exercises), "annotations": shown},
    }


def _title(r: ExerciseResult) -> str:
    return one_line(f"{r.slug}: {r.misconception or r.title}", 200)


def _message(r: ExerciseResult) -> str:
    first = r.first_broken
    where = list(first.where) if first is not None else []
    return shortened(printable("\n".join([reason(r) or r.title, *where])), _LONGEST)


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
