"""The authors' commands: build, lint, new."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from grader.cli.outcome import CallError, with_status
from grader.cli.screen import errors, out, print_json
from grader.marking.place import course_folder


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(with_status(build))
    app.command()(with_status(lint))
    app.command("zoo")(with_status(run_zoo))
    app.command("walk")(with_status(run_walk))
    new = typer.Typer(help="Scaffold new material.", no_args_is_help=True)
    new.command("exercise")(with_status(new_exercise))
    app.add_typer(new, name="new")


def build(
    check: Annotated[bool, typer.Option("--check", help="Compare only; status 1 when something would change.")] = False,
    sources_only: Annotated[
        bool, typer.Option("--sources-only", help="Only the instructor's notebooks in build/source, for nbgrader.")
    ] = False,
    server_only: Annotated[
        bool, typer.Option("--server-only", help="Only notebooks/miniredis, the learner's server: in no time.")
    ] = False,
) -> int:
    """Make notebooks/ and the generated parts of syllabus.md from their sources."""
    from grader.authoring.build import build as build_course
    from grader.authoring.build import build_sources
    from grader.authoring.syllabus import update

    folder = course_folder()
    if sources_only:
        build_sources(folder)
        return 0
    with errors().status("Building …") as status:
        report = build_course(folder, check, lambda step: status.update(f"Building: {step}"), server_only=server_only)
        syllabus_changed = not server_only and update(folder, check)
    verb = "differs from its source" if check else "written"
    for name in report.changed:
        out().print(f"notebooks/{name} {verb}")
    for name in report.removed:
        out().print(f"notebooks/{name} {'has no source' if check else 'removed: it has no source'}")
    if syllabus_changed:
        out().print(f"syllabus.md {verb}")
    if report.kept is not None:
        kept = report.kept.relative_to(folder)
        out().print(f"What was not in git is kept in {kept}", soft_wrap=True)
    dirty = bool(report.changed or report.removed or syllabus_changed)
    if not dirty:
        out().print(f"{len(report.same)} files are what their sources say.")
    elif check:
        out().print("Run `course build` and commit what it changes.")
    return 1 if check and dirty else 0


def lint(
    what: Annotated[list[str] | None, typer.Argument(help="Weeks, exercises, or lessons; everything if none.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Hold the course to its promises: transcripts true, links alive, exercises sound. Status 1 when not."""
    from grader.authoring.lint import lint as lint_course

    folder = course_folder()
    with errors().status("Linting …") as status:
        found = lint_course(folder, what or [], lambda step: status.update(f"Linting: {step}"))
    if as_json:
        print_json(found.to_dict(folder))
        return 1 if found.problems else 0
    for problem in found.problems:
        where = problem.path.relative_to(folder) if problem.path.is_relative_to(folder) else problem.path
        line = f":{problem.line}" if problem.line else ""
        out().print(
            Text.assemble((f"{where}{line}:", "bold red"), f" {problem.kind}: {problem.message}"), soft_wrap=True
        )
    for note in found.notes:
        out().print(Text(note, "yellow"), soft_wrap=True)
    out().print(found.summary(), soft_wrap=True)
    return 1 if found.problems else 0


def run_walk(
    what: Annotated[list[str] | None, typer.Argument(help="Stages, weeks or families; all of them if none.")] = None,
) -> int:
    """Build miniredis from its starter, stage by stage: red before each stage's code, green behind it."""
    from grader.authoring.walk import Step, walk
    from grader.cli.stages import select

    def tell(step: Step) -> None:
        colour = "red" if step.trouble else "green"
        seconds = f"{step.before.seconds:.1f} s, {step.after.seconds:.1f} s"
        out().print(Text(f"{'✘' if step.trouble else '✔'} {step.after.slug:<28} {seconds}", colour))
        if step.trouble:
            out().print(Text(f"    {step.trouble.replace(chr(10), chr(10) + '    ')}"), soft_wrap=True)

    steps = walk(course_folder(), select(what or []), tell)
    wrong = sum(bool(step.trouble) for step in steps)
    out().print(f"{len(steps)} stages, {wrong} not as they should be")
    return 1 if wrong else 0


def run_zoo(
    what: Annotated[list[str] | None, typer.Argument(help="Wrong servers by name; all of them if none.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Each at its own stage only; writes nothing. Status 1 for a problem.")
    ] = False,
    own: Annotated[
        bool, typer.Option("--own", help="Leave out the other stages of its family: a few minutes.")
    ] = False,
) -> int:
    """Run the wrong servers through the stages and write docs/kill-matrix.md."""
    from grader.authoring.zoo import PAGE, check_zoo, run_matrix, written
    from grader.checks.stages.catalog import stages
    from grader.checks.stages.zoo import zoo

    folder = course_folder()
    members = zoo(folder)
    chosen = [m for m in members if not what or m.name in what]
    if not chosen:
        raise CallError(f"There is no wrong server called {' or '.join(what or ['anything'])}.")
    if check:
        with errors().status("Running the zoo …") as status:
            problems = check_zoo(folder, {m.stage for m in chosen} if what else None, status.update)
        for problem in problems:
            out().print(f"{problem.path.relative_to(folder)}: {problem.message}", soft_wrap=True)
        out().print(f"{len(chosen)} wrong servers, {len(problems)} problem{'s' if len(problems) != 1 else ''}")
        return 1 if problems else 0
    with errors().status("Running the zoo …"):
        matrix = run_matrix(
            folder,
            chosen,
            stages().open,
            lambda m, caught: out().print(f"{m.name:<32} caught by {len(caught)}, {m.stage} {_is(m.stage in caught)}"),
            own,
        )
    if not what:
        page = folder / PAGE
        page.parent.mkdir(exist_ok=True)
        page.write_text(written(matrix, members, list(stages())), encoding="utf-8")
        out().print(f"{PAGE} written")
    return 0 if all(m.name in matrix.caught.get(m.stage, ()) for m in chosen) else 1


def _is(among_them: bool) -> str:
    return "among them" if among_them else "NOT among them"


def new_exercise(
    slug: Annotated[str, typer.Argument(help="weekN.some-name; it never changes afterwards.")],
    notebook: Annotated[
        str | None, typer.Option(help="The notebook it belongs to; the week's last one if not given.")
    ] = None,
) -> int:
    """Scaffold an exercise: entry, check, source cells, hints and three wrong answers."""
    from grader.authoring.scaffold import new_exercise as scaffold

    folder = course_folder()
    for path in scaffold(folder, slug, notebook):
        out().print(f"written  {path.relative_to(folder)}", soft_wrap=True)
    out().print(f"Fill them in, then: course lint {slug}")
    return 0
