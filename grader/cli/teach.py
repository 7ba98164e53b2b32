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
    path: Annotated[Path, typer.Argument(help="A repository, a notebooks folder or one week's folder.", exists=True)],
    what: Annotated[list[str] | None, typer.Argument(help="Weeks or exercises; all of them if none.")] = None,
    report: Annotated[Path, typer.Option("--report", help="Folder for grade.json and grade.xml (JUnit).")] = Path(
        "course-report"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="The JSON report on standard output.")] = False,
) -> int:
    """Grade a folder or repository. Status 0 when all is solved, 1 when not, 3 when the grader failed somewhere."""
    wanted = catalog().select(what or [])
    width = slug_width(wanted)

    def tell(result: ExerciseResult) -> None:
        out().print(result_line(result, width))

    graded = grade_folder(path, catalog(), wanted, None if as_json else tell)
    files = graded.write(report)
    if as_json:
        print_json(graded.to_dict())
    else:
        out().print()
        out().print(Text(totals(graded.results), "bold"))
        if graded.uncertain:
            out().print(
                f"{graded.uncertain} points could not be judged: the grader failed, not the answer.", style="yellow"
            )
        out().print("Advisory: the answers ran in an ordinary process with a deadline, not in a sandbox.", style="dim")
        out().print("Reports: " + ", ".join(str(f) for f in files), style="dim")
    if graded.uncertain:
        return 3
    return 0 if all(r.status in {"solved", "skipped"} for r in graded.results) else 1
