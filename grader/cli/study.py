"""The learner's commands: check, watch, hint, progress, reset, quiz."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from grader.checks import Exercise, catalog
from grader.cli.screen import STATUS_MARK, out, print_card, print_json, result_line, slug_width, totals, with_status
from grader.marking import ExerciseResult
from grader.marking.place import course_folder
from grader.marking.terminal import check_notebooks
from grader.notebook.card import HintCard
from grader.notebook.progress import Progress

What = Annotated[list[str] | None, typer.Argument(help="Weeks, exercises or notebook files; all of them if none.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(with_status(check))
    app.command()(with_status(watch))
    app.command()(with_status(hint))
    app.command()(with_status(progress))
    app.command()(with_status(reset))
    app.command()(with_status(quiz))


def check(
    what: What = None,
    solutions: Annotated[bool, typer.Option("--solutions", help="Check the course's own solutions.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="The whole card of every exercise.")] = False,
    as_json: AsJson = False,
) -> int:
    """Check your answers. Status 0 when all are solved, 1 when not, 3 when the grader itself failed."""
    folder = course_folder()
    wanted = catalog().select(what or [])
    with tempfile.TemporaryDirectory(prefix="course-solutions-") as temporary:
        notebooks = folder / "notebooks"
        if solutions:
            from grader.authoring.build import expand_sources, flatten_start

            notebooks = Path(temporary) / "solutions"
            expand_sources(folder, notebooks, catalog(), with_start=True)
            flatten_start(notebooks)
        results = _check(wanted, notebooks, quiet=as_json)
    if as_json:
        print_json([r.to_dict() for r in results])
    else:
        known = Progress(folder)
        if not solutions:
            for r in results:
                if r.status in {"solved", "wrong"}:
                    known.tried(r.slug, r.status == "solved")
        _report(wanted, results, known, verbose)
    return _status(results)


def _check(wanted: list[Exercise], notebooks: Path, quiet: bool) -> list[ExerciseResult]:
    width = slug_width(wanted)
    seen: set[str] = set()

    def tell(result: ExerciseResult) -> None:
        notebook = catalog()[result.slug].notebook
        if notebook not in seen:
            seen.add(notebook)
            out().print(Text(f"notebooks/{notebook}.ipynb", "bold"))
        out().print(result_line(result, width))

    return check_notebooks(wanted, notebooks, None if quiet or len(wanted) == 1 else tell)


def _report(wanted: list[Exercise], results: list[ExerciseResult], known: Progress, verbose: bool) -> None:
    hints = {slug: e.hints for slug, e in known.read().items()}
    wrong = [r for r in results if r.status in {"wrong", "error"}]
    cards = results if verbose or len(wanted) == 1 else wrong[:1]
    for result in cards:
        if len(wanted) > 1:
            out().print()
        print_card(catalog()[result.slug], result, hints.get(result.slug, 0))
    if len(wanted) > 1:
        out().print()
        out().print(Text(totals(results), "bold"))
        if not wrong and (todo := next((r for r in results if r.status == "todo"), None)):
            out().print(f"Next: {todo.slug} in notebooks/{catalog()[todo.slug].notebook}.ipynb")
        elif len(wrong) > 1 and not verbose:
            out().print(f"course check {wrong[1].slug} shows the next one in full.", style="dim")


def _status(results: list[ExerciseResult]) -> int:
    if any(r.status == "error" for r in results):
        return 3
    return 0 if all(r.status in {"solved", "skipped"} for r in results) else 1


def watch(what: What = None) -> int:
    """Check again whenever a notebook is saved. Keys: a all, h hint, n next, l list, q quit."""
    from grader.cli.watch import run

    return run(course_folder(), catalog().select(what or []))


def hint(
    exercise: Annotated[str, typer.Argument(help="The exercise, for example week1.page-views.")],
    number: Annotated[int | None, typer.Option("--number", "-n", help="A particular hint, from 1.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show the next hint of an exercise."""
    e = catalog()[exercise]
    known = Progress(course_folder())
    entry = known.read().get(e.slug)
    wanted = number if number is not None else min((entry.hints if entry else 0) + 1, len(e.hints))
    if not 1 <= wanted <= len(e.hints):
        raise typer.BadParameter(f"{e.slug} has hints 1 to {len(e.hints)}.", param_hint="--number")
    known.hinted(e.slug, wanted)
    if as_json:
        print_json({"slug": e.slug, "number": wanted, "of": len(e.hints), "hint": e.hints[wanted - 1]})
    else:
        out().print(Text(repr(HintCard(e, wanted))))
    return 0


def progress(as_json: AsJson = False) -> int:
    """Show how far you are: a bar a week, a mark an exercise."""
    folder = course_folder()
    entries = Progress(folder).read()
    rows = []
    for week in catalog().weeks:
        of_week = [e for e in catalog() if e.week == week]
        solved = [e for e in of_week if (x := entries.get(e.slug)) and x.status == "solved"]
        rows.append((week, of_week, solved))
    if as_json:
        print_json(
            {
                week: {
                    "solved": len(solved),
                    "exercises": len(of_week),
                    "earned": sum(e.points for e in solved),
                    "points": sum(e.points for e in of_week),
                }
                for week, of_week, solved in rows
            }
        )
        return 0
    width = slug_width(catalog())
    for week, of_week, solved in rows:
        earned, possible = sum(e.points for e in solved), sum(e.points for e in of_week)
        filled = round(30 * len(solved) / len(of_week))
        out().print(
            Text.assemble(
                (f"{week:<7}", "bold"),
                ("━" * filled, "green"),
                ("━" * (30 - filled), "bright_black"),
                f"  {len(solved)} of {len(of_week)} exercises · {earned} of {possible} points",
            )
        )
        notebook = ""
        for e in of_week:
            if e.notebook != notebook:
                notebook = e.notebook
                out().print(f"\n  {notebook}", style="bold")
            entry = entries.get(e.slug)
            mark, colour = STATUS_MARK["solved" if entry and entry.status == "solved" else "wrong" if entry else "todo"]
            told = ""
            if entry:
                told = f"{entry.tries} {'try' if entry.tries == 1 else 'tries'}"
                told += f", {entry.hints} hint{'s' if entry.hints != 1 else ''}" if entry.hints else ""
            out().print(
                Text.assemble(
                    (f"   {mark} ", colour), e.slug.ljust(width + 2), (e.title.ljust(44), "dim"), (told, "dim")
                )
            )
        out().print()
    return 0


def reset(
    exercise: Annotated[str, typer.Argument(help="The exercise, for example week1.page-views.")],
) -> int:
    """Bring an exercise back to its starter. What you wrote is kept."""
    from grader.authoring.build import release_of
    from grader.notebook.reset import first_committed, released_path
    from grader.notebook.reset import reset as bring_back

    folder = course_folder()
    e = catalog()[exercise]
    path = released_path(e)
    with out().status("Making the starter …"):
        release = release_of(folder, path) if (folder / "solutions").is_dir() else first_committed(folder, path)
    done = bring_back(folder, e, release)
    Progress(folder).forget(e.slug)
    out().print(f"Done: {done.what}.")
    out().print(f"Your old text is in {done.kept.relative_to(folder)}")
    out().print("If the notebook is open in JupyterLab, use File > Reload Notebook from Disk.", style="dim")
    return 0


def quiz(
    week: Annotated[str, typer.Argument(help="The week, for example week1.")] = "week1",
) -> int:
    """Ask yourself the week's questions in the terminal."""
    from grader.cli.quiz import run

    return run(course_folder(), week)
