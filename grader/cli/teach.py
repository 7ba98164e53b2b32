"""The instructor's and CI's commands: grade, verify, and the key that signs receipts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from grader.checks import Catalog, catalog
from grader.checks.stages.catalog import Stages, stages
from grader.cli.outcome import CallError, with_status
from grader.cli.screen import out, result_line, slug_width
from grader.cli.verify import KeyFile, Partial, SandboxKind, chosen_sandbox, verify
from grader.marking import ExerciseResult
from grader.marking.printable import printable
from grader.marking.receipts import course_key, fingerprint, key_file, make_key

if TYPE_CHECKING:
    from grader.marking.reports import GradeReport

FORMATS = ("text", "json", "junit", "github", "markdown")
_LINES = {"text", "github"}
# What GitHub takes as the summary of a step, over all that a step appends.
_MOST_SUMMARY = 900_000


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(with_status(grade))
    app.command()(with_status(verify))
    app.command()(with_status(key))


def grade(
    path: Annotated[
        Path, typer.Argument(help="A repository, a notebooks folder, a week's folder, a notebook or an archive.")
    ],
    what: Annotated[
        list[str] | None, typer.Argument(help="Weeks or exercises; all that the path can hold if none.")
    ] = None,
    of_server: Annotated[
        bool,
        typer.Option(
            "--stages",
            help="Grade the learner's own server instead: WHAT are weeks or stages, all open ones if none. It runs in "
            "the sandbox from the files of miniredis/ alone, a point a stage, beside a real Redis.",
        ),
    ] = False,
    formats: Annotated[
        list[str] | None, typer.Option("--format", help=f"What to say: {', '.join(FORMATS)}. Several are allowed.")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", "--report", help="Folder for grade.json, grade.xml (JUnit), summary.md, receipt.json."),
    ] = None,
    commit: Annotated[str, typer.Option(help="Read this commit of the repository, not its files.")] = "",
    learner: Annotated[str, typer.Option(help="Whose it is; the folder's name if not said.")] = "",
    fail_under: Annotated[
        float | None, typer.Option(help="Status 0 with this many points or more, instead of with all.")
    ] = None,
    validate: Annotated[
        bool,
        typer.Option("--validate", help="PATH is the grade.json of an untrusted job: can it be true?"),
    ] = False,
    check_name: Annotated[str, typer.Option(help="The name of the check run in check-run.json.")] = "Redis course",
    key: KeyFile = None,
    sandbox: SandboxKind = None,
    partial: Partial = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> int:
    """Grade a submission. Status 0 for all points, 1 for less, 2 for nothing to grade, 3 when the grader failed."""
    said = _formats(formats, as_json, folder)
    if of_server:
        if partial:
            raise CallError("--partial is for exercises of notebooks: a stage is done or it is not.")
        if validate:
            raise CallError(
                "--validate is for the exercises of notebooks; a report of stages is not signed or claimed."
            )
        graded = _graded_stages(path, what, said, commit, learner, key, sandbox)
        status = _status(graded, fail_under)
        _print(graded, said, validated=False, of=stages())
        if folder is not None:
            _write(graded, folder, check_name, success=status == 0, quiet=not said & _LINES, of=stages())
        return status
    wanted = catalog().select(what) if what else None
    if validate:
        from grader.marking.claims import read_claim

        graded = read_claim(path, catalog(), wanted, commit, learner, partial=partial)
    else:
        from grader.marking.github import commands_stopped
        from grader.marking.grade import grade as grade_submission

        secret, held = course_key(key), chosen_sandbox(sandbox)
        tell = _teller(slug_width(wanted or catalog())) if said & _LINES else None
        # What strangers' code could say to the runner through our own output, it says while nobody listens.
        with commands_stopped(_say) if "github" in said else nullcontext():
            graded = grade_submission(
                path, catalog(), wanted, tell, key=secret, learner=learner, commit=commit, sandbox=held, partial=partial
            )
    status = _status(graded, fail_under)
    _print(graded, said, validate)
    # Last, so that a disk that is full takes nothing but the files.
    if folder is not None:
        _write(graded, folder, check_name, success=status == 0, quiet=not said & _LINES)
    return status


def _graded_stages(
    path: Path, what: list[str] | None, said: set[str], commit: str, learner: str, key: Path | None, kind: str | None
) -> GradeReport:
    from grader.marking.github import commands_stopped
    from grader.marking.grade import release_for, submission_of
    from grader.marking.stage_marks import grade_stages, report_of

    wanted = stages().select(what) if what else stages().open
    secret, held = course_key(key), chosen_sandbox(kind)
    submission = submission_of(path, catalog(), learner=learner, commit=commit, release=release_for(path))
    tell = _teller(max(len(s.slug) for s in wanted)) if said & _LINES else lambda _: None
    with commands_stopped(_say) if "github" in said else nullcontext():
        marks = grade_stages(submission, wanted, held, key=secret, on_result=tell)
    return report_of(submission, marks, commit, key=secret)


def key(
    file: Annotated[Path | None, typer.Argument(help="Where to; your configuration folder if not said.")] = None,
) -> int:
    """Make the course key: it signs receipts, and the hidden checks of each submission come from it. Keep it secret."""
    file = file or key_file()
    make_key(file)
    out().print(
        Text(f"The course key {fingerprint(course_key(file))} is in {printable(str(file))}; only you can read it.")
    )
    return 0


def _formats(formats: list[str] | None, as_json: bool, folder: Path | None) -> set[str]:
    said = {each.strip() for word in formats or [] for each in word.split(",") if each.strip()}
    said |= {"json"} if as_json else set()
    said = said or {"text"}
    if unknown := sorted(said - set(FORMATS)):
        raise CallError(f"There is no format {printable(', '.join(unknown))}. There are: {', '.join(FORMATS)}.")
    documents = said - _LINES
    if len(said) > 1 and documents and folder is None:
        raise CallError(
            f"{', '.join(sorted(said))} would mix on standard output. With --out DIR each goes to a file of its own."
        )
    return said


def _teller(column: int) -> Callable[[ExerciseResult], None]:
    def tell(result: ExerciseResult) -> None:
        out().print(result_line(result, column))

    return tell


def _status(graded: GradeReport, fail_under: float | None) -> int:
    if fail_under is not None and graded.marks.earned >= fail_under:
        return 0
    if any(r.status == "error" for r in graded.results):
        return 3
    return int(fail_under is not None or any(r.status not in {"solved", "skipped"} for r in graded.results))


def _print(graded: GradeReport, said: set[str], validated: bool, of: Catalog | Stages | None = None) -> None:
    from grader.marking.github import annotation_commands
    from grader.marking.reports import as_json, as_junit, caveats, totals
    from grader.marking.summary import as_markdown

    alone, of = len(said) == 1, of or catalog()
    if said & _LINES:
        if validated:
            column = slug_width(catalog())
            for result in graded.results:
                out().print(result_line(result, column))
        out().print()
        out().print(Text(totals(graded), "bold"))
        for note in [*graded.marks.notes, *caveats(graded)]:
            out().print(Text(printable(note), "yellow"), soft_wrap=True)
    if "github" in said:
        for line in annotation_commands(graded):
            _say(line)
        _summarise(as_markdown(graded, of))
    if "json" in said and alone:
        out().file.write(as_json(graded))
    if "junit" in said and alone:
        out().file.write(as_junit(graded).decode("utf-8"))
    if "markdown" in said and alone:
        out().file.write(as_markdown(graded, of))


def _write(
    graded: GradeReport,
    folder: Path,
    check_name: str,
    *,
    success: bool,
    quiet: bool,
    of: Catalog | Stages | None = None,
) -> None:
    import json

    from grader.marking.github import check_run
    from grader.marking.receipts import to_text
    from grader.marking.reports import as_json, as_junit, write_whole
    from grader.marking.summary import as_markdown

    of = of or catalog()
    files = {
        "grade.json": as_json(graded).encode("ascii"),
        "grade.xml": as_junit(graded),
        "summary.md": as_markdown(graded, of).encode("utf-8"),
    }
    if graded.receipt is not None:
        files["receipt.json"] = to_text(graded.receipt).encode("ascii")
    if graded.commit:
        body = check_run(graded, of, check_name, success)
        files["check-run.json"] = (json.dumps(body, indent=2) + "\n").encode("ascii")
    for name, data in files.items():
        write_whole(folder / name, data)
    if not quiet:
        out().print(
            Text("Reports: " + ", ".join(printable(str(folder / name)) for name in files), "dim"), soft_wrap=True
        )


def _summarise(markdown: str) -> None:
    """Append to the summary of the step that runs this, where there is one."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if not named:
        return
    file = Path(named)
    if (file.stat().st_size if file.exists() else 0) + len(markdown.encode()) <= _MOST_SUMMARY:
        with file.open("a", encoding="utf-8") as summary:
            summary.write(markdown)


def _say(line: str) -> None:
    """A line on standard output as it is, at once: what comes before and after it must not change places."""
    out().file.write(line + "\n")
    sys.stdout.flush()
