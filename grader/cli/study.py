"""The learner's commands: check, watch, hint, progress, reset, quiz."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from grader.checks import Exercise, catalog
from grader.cli.outcome import CallError, with_status
from grader.cli.screen import (
    STATUS_MARK,
    bar,
    errors,
    out,
    print_card,
    print_hint,
    print_json,
    result_line,
    slug_width,
    totals,
)
from grader.marking import ExerciseResult
from grader.marking.place import course_folder
from grader.marking.terminal import check_notebooks
from grader.notebook.progress import Entry, Progress
from grader.notebook.reset import untouched

What = Annotated[list[str] | None, typer.Argument(help="Weeks, exercises or notebook files; all of them if none.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
_BAR, _SHORT_BAR = 30, 10


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
    everything: Annotated[
        bool, typer.Option("--all", help="Of stages: all of them, not from the first unfinished to the first red.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Check your answers, or with `stages` your own Redis. Status 0 when all is right, 1 when not, 3 for our fault."""
    folder = course_folder()
    if what and _about_stages(what):
        from grader.cli import stages

        return stages.check(what, solutions, everything, as_json)
    wanted = _select(folder, what)
    if solutions:
        from grader.authoring.build import expand_sources, flatten_start

        with tempfile.TemporaryDirectory(prefix="course-solutions-") as temporary:
            notebooks = Path(temporary) / "solutions"
            expand_sources(folder, notebooks, catalog(), with_start=True)
            flatten_start(notebooks)
            results = _check(wanted, notebooks, set(), as_json)
        starters: set[str] = set()
    else:
        starters = untouched(folder, wanted)
        results = _check(wanted, folder / "notebooks", starters, as_json)
        _remember(folder, results, starters)
    if as_json:
        print_json([r.to_dict() for r in results])
    else:
        _report(folder, results, starters, verbose)
    return _status(results)


def _about_stages(words: list[str]) -> bool:
    """Whether words are about the stages of the learner's server; the modules for those take a second to load."""
    return words[0] == "stages" or any(word.startswith(("mini.", "miniredis")) for word in words)


def _select(folder: Path, what: Iterable[str] | None) -> list[Exercise]:
    """The exercises that `what` names; folders and files are taken for the week or notebook they are."""
    notebooks = folder / "notebooks"
    words = []
    for word in what or ():
        path = Path(word)
        if path.suffix == ".ipynb" and path.is_file() and not path.resolve().is_relative_to(notebooks.resolve()):
            raise CallError(
                f"{word} is not one of this course's notebooks: `course check` looks into {notebooks}. "
                "`course grade` grades files elsewhere."
            )
        words.append(path.resolve().name if path.is_dir() else word)
        if path.is_dir() and path.resolve() == notebooks.resolve():
            return catalog().select([])
    return catalog().select(words)


def _check(wanted: list[Exercise], notebooks: Path, starters: set[str], quiet: bool) -> list[ExerciseResult]:
    if quiet:
        return check_notebooks(wanted, notebooks)
    column = slug_width(wanted)
    seen: set[str] = set()
    count = 0
    with out().status("Checking …") as status:

        def tell(result: ExerciseResult) -> None:
            nonlocal count
            count += 1
            status.update(f"Checking … {count} of {len(wanted)}")
            if len(wanted) == 1:
                return
            notebook = catalog()[result.slug].notebook
            if notebook not in seen:
                seen.add(notebook)
                out().print(Text(f"notebooks/{notebook}.ipynb", "bold"))
            out().print(result_line(result, column, result.slug in starters))

        return check_notebooks(wanted, notebooks, tell)


def _remember(folder: Path, results: list[ExerciseResult], starters: set[str]) -> None:
    """Count a try for each answer that is the learner's: an untouched starter is none."""
    known = Progress(folder)
    for r in results:
        if r.status == "solved" or (r.status == "wrong" and r.slug not in starters):
            known.tried(r.slug, r.status == "solved")
    if known.trouble:
        errors().print(Text(known.trouble, "yellow"), soft_wrap=True)


def _report(folder: Path, results: list[ExerciseResult], starters: set[str], verbose: bool) -> None:
    entries = Progress(folder).read()

    def card(result: ExerciseResult) -> None:
        entry = entries.get(result.slug)
        print_card(catalog()[result.slug], result, entry.hints if entry else 0)

    if len(results) == 1:
        card(results[0])
        return
    wrong = [r for r in results if r.status == "error" or (r.status == "wrong" and r.slug not in starters)]
    for result in results if verbose else wrong[:1]:
        out().print()
        card(result)
    out().print()
    out().print(Text(totals(results), "bold"))
    ahead = [r for r in results if r.status in {"wrong", "todo"} and r not in wrong[:1]]
    if len(wrong) > 1 and not verbose:
        out().print(Text(f"`course check {wrong[1].slug}` shows the next wrong one in full.", "dim"))
    elif not wrong and ahead:
        out().print(f"Next: {ahead[0].slug} in notebooks/{catalog()[ahead[0].slug].notebook}.ipynb")


def _status(results: list[ExerciseResult]) -> int:
    if any(r.status == "error" for r in results):
        return 3
    return 0 if all(r.status in {"solved", "skipped"} for r in results) else 1


def watch(what: What = None) -> int:
    """Check again on every save of a notebook, or of your server: `course watch stages` begins there. Keys: q quit."""
    from grader.cli.watch import Watch, WatchBoth, Watching, run, server_saved

    folder = course_folder()

    def of_server() -> Watching:
        from grader.cli.stages import select
        from grader.cli.watch_stages import StageWatch

        return StageWatch(folder, select(what) if what and what != ["stages"] else ())

    if what and _about_stages(what):
        return run(of_server())
    notebooks = Watch(folder, _select(folder, what))
    if what:
        return run(notebooks)
    return run(WatchBoth(notebooks, of_server, server_saved(folder)))


def hint(
    exercise: Annotated[
        str | None, typer.Argument(help="The exercise, for example week1.page-views; the one at hand if none.")
    ] = None,
    number: Annotated[int | None, typer.Option("--number", "-n", help="A particular hint, from 1.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show the next hint of an exercise or a stage."""
    if exercise is not None and _about_stages([exercise]):
        from grader.cli import stages

        return stages.hint(exercise, number, as_json)
    known = Progress(course_folder())
    entries = known.read()
    e = catalog()[exercise] if exercise is not None else _at_hand(entries)
    shown = entries[e.slug].hints if e.slug in entries else 0
    wanted = number if number is not None else min(shown + 1, len(e.hints))
    if not 1 <= wanted <= len(e.hints):
        raise CallError(f"{e.slug} has hints 1 to {len(e.hints)}.")
    known.hinted(e.slug, wanted)
    if as_json:
        print_json({"slug": e.slug, "number": wanted, "of": len(e.hints), "hint": e.hints[wanted - 1]})
    else:
        print_hint(e, wanted)
    return 0


def _at_hand(entries: dict[str, Entry]) -> Exercise:
    """Of the exercises that are not solved the first that was tried, else that a hint was asked for, else the first."""
    unsolved = [e for e in catalog() if e.slug not in entries or entries[e.slug].status != "solved"]
    if not unsolved:
        raise CallError("Everything is solved. Name an exercise to see its hints.")
    tried = [e for e in unsolved if e.slug in entries and entries[e.slug].tries]
    return (tried or [e for e in unsolved if e.slug in entries] or unsolved)[0]


def progress(as_json: AsJson = False) -> int:
    """Show how far you are: a bar a week, a mark an exercise."""
    known = Progress(course_folder())
    entries = known.read()
    if known.trouble:
        errors().print(Text(known.trouble, "yellow"), soft_wrap=True)
    weeks = [(week, [e for e in catalog() if e.week == week]) for week in catalog().weeks]
    if as_json:
        print_json(
            {
                "weeks": {week: _sums(of_week, entries) for week, of_week in weeks},
                "exercises": [_row(e, entries.get(e.slug)) for e in catalog()],
            }
        )
        return 0
    for week, of_week in weeks:
        sums = _sums(of_week, entries)
        out().print(
            Text.assemble(
                (f"{week:<7}", "bold"),
                bar(sums["solved"], sums["exercises"], _BAR if out().width >= 76 else _SHORT_BAR),
                f"  {sums['solved']} of {sums['exercises']} exercises, {sums['earned']} of {sums['points']} points",
            )
        )
        _print_exercises(of_week, entries)
        out().print()
    unsolved = [e for e in catalog() if not _solved(entries.get(e.slug))]
    if unsolved:
        at_hand = _at_hand(entries)
        out().print(f"Next: {at_hand.slug} in notebooks/{at_hand.notebook}.ipynb")
    else:
        out().print(Text("Everything is solved.", "bold green"))
    return 0


def _print_exercises(exercises: list[Exercise], entries: dict[str, Entry]) -> None:
    column = slug_width(catalog())
    room = max(out().width - column - 6 - len("  10 tries, 3 hints"), 12) if out().is_terminal else 48
    notebook = ""
    for e in exercises:
        if e.notebook != notebook:
            notebook = e.notebook
            out().print()
            out().print(Text(f"  {notebook}", "bold"))
        entry = entries.get(e.slug)
        tried = entry is not None and entry.tries > 0
        mark, colour = STATUS_MARK["solved" if _solved(entry) else "wrong" if tried else "todo"]
        told = []
        if entry and entry.tries:
            told.append(f"{entry.tries} {'try' if entry.tries == 1 else 'tries'}")
        if entry and entry.hints:
            told.append(f"{entry.hints} hint{'' if entry.hints == 1 else 's'}")
        title = Text(e.title, "dim")
        title.truncate(min(room, 48), overflow="ellipsis", pad=bool(told))
        out().print(
            Text.assemble((f"   {mark} ", colour), e.slug.ljust(column), "  ", title, (f"  {', '.join(told)}", "dim"))
            if told
            else Text.assemble((f"   {mark} ", colour), e.slug.ljust(column), "  ", title)
        )


def _solved(entry: Entry | None) -> bool:
    return entry is not None and entry.status == "solved"


def _sums(exercises: list[Exercise], entries: dict[str, Entry]) -> dict[str, int]:
    solved = [e for e in exercises if _solved(entries.get(e.slug))]
    return {
        "solved": len(solved),
        "exercises": len(exercises),
        "earned": sum(e.points for e in solved),
        "points": sum(e.points for e in exercises),
    }


def _row(e: Exercise, entry: Entry | None) -> dict[str, str | int | None]:
    entry = entry or Entry("untried")
    return {
        "slug": e.slug,
        "status": entry.status,
        "points": e.points,
        "tries": entry.tries,
        "hints": entry.hints,
        "solved": entry.solved,
    }


def reset(
    exercise: Annotated[
        str,
        typer.Argument(help="An exercise (week1.page-views), a stage (mini.append), a file (miniredis/resp.py)."),
    ],
) -> int:
    """Bring an exercise or a stage back to its starter. What you wrote is kept."""
    if _about_stages([exercise]) or "miniredis/" in exercise:
        from grader.cli import stages

        return stages.reset(exercise)
    from grader.notebook.reset import first_committed, released_path
    from grader.notebook.reset import reset as bring_back

    folder = course_folder()
    e = catalog()[exercise]
    path = released_path(e)
    has_sources = (folder / "solutions" / f"{e.notebook}.md").is_file()

    def release() -> bytes:
        if not has_sources:
            return first_committed(folder, path)
        from grader.authoring.build import release_of

        with errors().status("Making the notebook afresh …"):
            return release_of(folder, path)

    starter = None
    if has_sources:
        from grader.authoring.exercises import read_sources

        starter = read_sources(folder, catalog(), [e])[e.slug].starter
    done = bring_back(folder, e, release, starter)
    known = Progress(folder)
    known.forget(e.slug)
    out().print(f"Done: {done.what}.", soft_wrap=True)
    out().print(f"Your old text is in {done.kept.relative_to(folder)}", soft_wrap=True)
    out().print(Text("If the notebook is open in JupyterLab, use File > Reload Notebook from Disk.", "dim"))
    if known.trouble:
        errors().print(Text(known.trouble, "yellow"), soft_wrap=True)
    return 0


def quiz(
    week: Annotated[str, typer.Argument(help="The week, for example week1.")] = "week1",
) -> int:
    """Ask yourself the week's questions in the terminal."""
    from grader.cli.quiz import run

    return run(course_folder(), f"week{week}" if week.isdigit() else week)
