"""The instructor's and CI's commands: grade."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from grader.checks import catalog
from grader.cli.outcome import with_status
from grader.cli.screen import out, print_json, result_line, slug_width, totals
from grader.marking import ExerciseResult
from grader.marking.grade import grade as grade_folder


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(with_status(grade))


def grade(
    path: Annotated[Path, typer.Argument(help="A repository, a notebooks folder, a week's folder or a notebook.")],
    what: Annotated[
        list[str] | None, typer.Argument(help="Weeks or exercises; all that the path can hold if none.")
    ] = None,
    report: Annotated[Path, typer.Option("--report", help="Folder for grade.json and grade.xml (JUnit).")] = Path(
        "course-report"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="The JSON report on standard output.")] = False,
) -> int:
    """Grade a folder or repository. Status 0 when all is solved, 1 when not, 3 when the grader failed somewhere."""
    wanted = catalog().select(what) if what else None
    column = slug_width(wanted or catalog())

    def tell(result: ExerciseResult) -> None:
        out().print(result_line(result, column))

    graded = grade_folder(path, catalog(), wanted, None if as_json else tell)
    if as_json:
        print_json(graded.to_dict())
    else:
        out().print()
        out().print(Text(totals(graded.results), "bold"))
        if graded.uncertain:
            sentence = f"{graded.uncertain} points could not be judged: the grader failed, not the answer."
            out().print(Text(sentence, "yellow"))
        out().print(Text("Advisory: the answers ran in an ordinary process with a deadline, not in a sandbox.", "dim"))
    # Last, so that a disk that is full takes nothing but the files.
    files = graded.write(report)
    if not as_json:
        out().print(Text("Reports: " + ", ".join(str(f) for f in files), "dim"), soft_wrap=True)
    if any(r.status == "error" for r in graded.results):
        return 3
    return 0 if all(r.status in {"solved", "skipped"} for r in graded.results) else 1
