"""The instructor's commands: `course cohort release|collect|grade|feedback|report|export|receipts`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from grader.cli.outcome import CallError, with_status
from grader.cli.screen import errors, out, shown
from grader.cli.verify import Partial, SandboxKind, chosen_sandbox, loudly
from grader.marking.place import course_folder

if TYPE_CHECKING:
    from grader.cohort.classroom import Classroom
    from grader.cohort.collecting import Collected
    from grader.cohort.grading import Graded, Outcome

Weeks = Annotated[list[str] | None, typer.Argument(metavar="[WEEK]...", help="week1, week2 …; all of them if none.")]
Students = Annotated[
    list[str] | None, typer.Option("--student", "-s", help="Only this student; may be given more than once.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    cohort = typer.Typer(help="Grade a cohort, in nbgrader's folders and gradebook.", no_args_is_help=True)
    cohort.command("release")(with_status(release))
    cohort.command("collect")(with_status(collect))
    cohort.command("grade")(with_status(grade))
    cohort.command("feedback")(with_status(feedback))
    cohort.command("report")(with_status(report))
    cohort.command("export")(with_status(export))
    cohort.command("receipts")(with_status(receipts))
    app.add_typer(cohort, name="cohort")


def release(
    weeks: Weeks = None,
    due: Annotated[
        str | None, typer.Option("--due", help="When it has to be handed in: 2026-12-01, 2026-12-01T18:00+01:00.")
    ] = None,
) -> int:
    """Make notebooks/ what the sources say, and enter the assignments and their points into the gradebook.

    Without WEEK those of notebooks; a server is released by its name: miniredis-week1.
    """
    from grader.authoring.build import build
    from grader.cohort.own_servers import is_server
    from grader.cohort.releasing import due_date
    from grader.cohort.releasing import release as enter

    room = _room()
    chosen = room.weeks(weeks) if weeks else [week for week in room.weeks() if not is_server(week)]
    notebooks = [week for week in chosen if not is_server(week)]
    when = due_date(due) if due else None
    changed: list[str] = []
    with errors().status("Building …") as status:
        if notebooks:
            changed = build(room.root, progress=lambda step: status.update(f"Building: {step}")).changed
        status.update("Entering into the gradebook …")
        possible = enter(room, chosen, when)
    for name in changed:
        out().print(f"notebooks/{name} written")
    for week in chosen:
        exercises = room.assigned(week)
        checked = sum(e.points for e in exercises)
        told = f"{week}: {len(exercises)} {'stages' if is_server(week) else 'exercises'}, {checked} points"
        if by_hand := possible[week] - checked:
            told += f", and {by_hand:g} that a person gives for written answers"
        out().print(f"{told}{f'; due {when:%Y-%m-%d %H:%M %Z}' if when else ''}")
    if notebooks:
        out().print(f"Hand out {' and '.join(f'notebooks/{week}' for week in notebooks)}.")
    if len(notebooks) < len(chosen):
        out().print("A server is handed in as the folder miniredis/, which learners have in notebooks/.")
    return 0


def collect(
    week: Annotated[str, typer.Argument(help="week1, week2 …")],
    source: Annotated[
        Path | None, typer.Argument(help="A folder or zip of downloads; nbgrader's exchange if none.")
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option("--pattern", help="A regular expression for their names, with the group (?P<student_id>…)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is in submitted/ already.")] = False,
) -> int:
    """Put what was handed in into submitted/: nothing of it is run. Status 1 when something was not taken."""
    from grader.cohort.collecting import collect as collect_downloads
    from grader.cohort.collecting import from_exchange
    from grader.cohort.own_servers import is_server

    room = _room()
    (chosen,) = room.weeks([week])
    if source is None and is_server(chosen):
        raise CallError(
            "Servers are collected from a folder or zip of downloads: nbgrader's exchange has only notebooks."
        )
    if source is None:
        out().print(Text(shown(from_exchange(room, chosen, update=force))), soft_wrap=True)
        return 0
    marks = {"new": "✔", "replaced": "✔", "same": "=", "kept": "–", "empty": "✘"}

    def tell(done: Collected) -> None:
        when = f"{done.timestamp:%Y-%m-%d %H:%M} UTC" if done.timestamp else ""
        out().print(Text(f"{marks[done.status]} {done.student}  {done.status}  {done.files} files  {when}"))
        for note in done.notes:
            out().print(Text(f"    {shown(note)}", "yellow"), soft_wrap=True)

    collection = collect_downloads(room, chosen, source, pattern=pattern, force=force, tell=tell)
    for sentence in collection.passed_over:
        out().print(Text(shown(sentence), "yellow"), soft_wrap=True)
    bad = sum(done.status in {"kept", "empty"} for done in collection.collected)
    count = len(collection.collected)
    told = f"{count} student{'s' * (count != 1)}" + (f", {bad} of them not taken." if bad else ", all taken.")
    out().print(Text(told, "bold"))
    return 1 if bad else 0


def grade(
    weeks: Weeks = None,
    student: Students = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="How many processes mark.")] = min(
        4, os.cpu_count() or 1
    ),
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="Mark on dask: local, or a scheduler's tcp://host:port.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Mark again what is marked already.")] = False,
    partial: Partial = False,
    sandbox: SandboxKind = None,
) -> int:
    """Mark what is in submitted/ and fill gradebook and autograded/. Goes on where an interrupted run was.

    Status 0 when all is graded, 3 when the grader failed somewhere (those wait for a person; run again to retry).
    """
    from grader.cohort.grading import grade as grade_cohort
    from grader.cohort.grading import local, on_cluster
    from grader.cohort.own_servers import is_server
    from grader.marking.stage_marks import must_hold_servers

    room = _room()
    chosen = [w for w in room.weeks(weeks) if weeks or room.students(w)[0]]
    if not chosen:
        raise CallError("Nothing is handed in: submitted/ is empty. `course cohort collect` fills it.")
    if cluster in {None, "local"}:
        held = chosen_sandbox(sandbox)  # where there is none, that is said before anything of theirs runs
        if any(is_server(week) for week in chosen):
            must_hold_servers(held)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors(), transient=True) as progress:
        bar = progress.add_task("Grading", total=None)

        def begin(count: int) -> None:
            progress.update(bar, total=count)

        def tell(graded: Graded) -> None:
            progress.update(bar, advance=1)
            if not errors().is_terminal:
                errors().print(Text(_line(graded)), soft_wrap=True)

        if cluster:
            # Of a cluster of this machine it is said already.
            warn = loudly if cluster != "local" else lambda _: None
            mark = on_cluster(room, chosen, cluster, jobs, sandbox=sandbox or "", partial=partial, warn=warn)
        else:
            mark = local(room, chosen, jobs, sandbox=sandbox or "", partial=partial)
        trusted = sandbox not in {None, "none"}
        try:
            outcome = grade_cohort(
                room,
                chosen,
                mark,
                students=student or (),
                force=force,
                trusted=trusted,
                partial=partial,
                begin=begin,
                tell=tell,
            )
        except KeyboardInterrupt:
            progress.console.print("What is marked is kept: the same command goes on from there.")
            raise
    _print_outcome(outcome, partial)
    return 3 if any(g.errors for g in outcome.graded) else 0


def feedback(
    weeks: Weeks = None,
    student: Students = None,
) -> int:
    """Make feedback/NAME/week1/*.html from what is graded, with nbgrader's own page."""
    from grader.cohort.feedback import feedback as make

    room = _room()
    with errors().status("Feedback …") as status:
        made = make(
            room,
            room.weeks(weeks),
            student or (),
            tell=lambda week, who: status.update(f"Feedback: {week} {shown(who)}"),
        )
    if not made:
        raise CallError("Nobody is graded yet: `course cohort grade` comes first.")
    out().print(f"{made} submissions have feedback in {room.feedback('NAME', 'WEEK').relative_to(room.root)}.")
    return 0


def report(
    weeks: Weeks = None,
    to: Annotated[Path, typer.Option("--to", "-o", help="The page to write.")] = Path("cohort-report.html"),
    compare: Annotated[bool, typer.Option("--compare/--no-compare", help="Look for answers that are alike.")] = True,
) -> int:
    """Write one HTML page about the cohort, from the kept marks, and its summary here."""
    from grader.cohort.incoming import all_submitted
    from grader.cohort.kept import MarksFolder
    from grader.cohort.report import summary, write_report

    room = _room()
    chosen = room.weeks(weeks)
    marks = [kept.marks for kept in MarksFolder(room.own / "marks").all(chosen)]
    if not marks:
        raise CallError("Nobody is graded yet: `course cohort grade` comes first.")
    with errors().status("Report …"):
        submissions = all_submitted(room, chosen) if compare else None
        write_report(marks, to, submissions, catalog=room.exercises, course=room.root)
    out().print(summary(marks, room.exercises))
    out().print(f"The page: {to}", soft_wrap=True)
    return 0


def export(
    weeks: Weeks = None,
    to: Annotated[
        Path | None, typer.Option("--to", "-o", help="A .csv or .json file; CSV on standard output if none.")
    ] = None,
) -> int:
    """Write the gradebook as CSV or JSON, one row a student and exercise; no text in it is a formula."""
    from grader.cohort.export import as_csv, as_json, rows
    from grader.cohort.kept import write_whole

    room = _room()
    if to is not None and to.suffix not in {".csv", ".json"}:
        raise CallError(f"{to.name} is neither a .csv nor a .json file.")
    found = rows(room, room.weeks(weeks))
    text = as_json(found) if to is not None and to.suffix == ".json" else as_csv(found)
    if to is None:
        out().file.write(text)
        return 0
    write_whole(to, text.encode("utf-8", "backslashreplace"))
    out().print(f"{len(found)} rows in {to}")
    return 0


def receipts(
    weeks: Weeks = None,
    folder: Annotated[Path, typer.Option("--to", "-o", help="Where to, one file a submission.")] = Path("receipts"),
) -> int:
    """Write a signed receipt of each submission's marks. Status 1 when some marks are out of date."""
    from grader.cohort.receipts import write_receipts

    room = _room()
    written, stale = write_receipts(room, room.weeks(weeks), folder)
    for sentence in stale:
        out().print(Text(shown(sentence), "yellow"), soft_wrap=True)
    out().print(f"{len(written)} receipts in {shown(str(folder))}. They hold the seeds of hidden checks: keep them.")
    return 1 if stale else 0


def _room() -> Classroom:
    from grader.cohort.classroom import Classroom

    return Classroom(course_folder())


def _line(graded: Graded) -> str:
    return f"{graded.week} {shown(graded.student)}: {graded.score:g} of {graded.possible:g}"


def _print_outcome(outcome: Outcome, partial: bool) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("week", "student", "points", "of", "late", "for a person", "noticed"):
        table.add_column(name, justify="right" if name in {"points", "of", "late"} else "left", overflow="fold")
    for g in outcome.graded:
        late = f"{g.late / 3600:.1f} h" + (f" −{g.penalty:g}" if g.penalty else "") if g.late else ""
        noticed = [*(f"{len(g.errors)} grader errors" for _ in g.errors[:1]), *g.notes]
        table.add_row(
            g.week,
            Text(shown(g.student)),
            f"{g.score:g}",
            f"{g.possible:g}",
            late,
            Text(_some(list(g.by_hand)), "yellow"),
            Text(_short(shown(_some(noticed))), "dim"),
        )
    out().print(table)
    for sentence in outcome.passed_over:
        out().print(Text(shown(sentence), "yellow"), soft_wrap=True)
    fresh = sum(not g.kept for g in outcome.graded)
    told = f"{len(outcome.graded)} submissions graded, {fresh} marked now, {len(outcome.graded) - fresh} known before."
    out().print(Text(told, "bold"))
    if partial:
        out().print("With partial credit: a wrong answer earns for the promises it keeps before the first broken one.")
    if outcome.other_credit:
        told = f"{outcome.other_credit} of them had been marked with{'out' * partial} partial credit"
        out().print(Text(f"{told}, so they were marked anew: say --partial each time, or never.", "yellow"))
    if any(g.errors for g in outcome.graded):
        out().print(Text("The grader failed somewhere: those points wait for a person. Run again to retry.", "yellow"))
    if any(g.advisory for g in outcome.graded):
        told = "Advisory: there was no sandbox, so answers could cheat. Mark again with --force where there is one."
        out().print(Text(told, "yellow"), soft_wrap=True)


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _some(words: list[str], most: int = 3) -> str:
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more} more" if more > 0 else "")
