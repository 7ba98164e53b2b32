"""The learner's own Redis on the command line: the map of its stages, their checks, the server itself, catching up."""

from __future__ import annotations

import textwrap
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from grader.checks.stages.catalog import Stage, Stages, UnknownStageError, stages
from grader.cli.outcome import CallError, with_status
from grader.cli.screen import bar, errors, out, print_hint, print_json, shown, width
from grader.marking.own_server import OwnServer
from grader.marking.place import course_folder
from grader.marking.stages import (
    StageOutcome,
    StageRun,
    check_many,
    check_own,
    mark_missing,
    mark_to_do,
    name_it,
    stage_run,
)
from grader.notebook.consequences import built_anew, settle
from grader.notebook.progress import Entry, Progress
from grader.notebook.stage_card import MARKS, TONES, StageCard
from grader.notebook.stage_map import MARKS as MAP_MARKS
from grader.notebook.stage_map import WORDS, StageMap

if TYPE_CHECKING:
    from grader.notebook.reset import Reset
    from grader.servers.miniredis import MiniServer

PORT = 6390
_BAR = 24
_COLOURS = {"good": "green", "bad": "red", "odd": "yellow", "dim": "dim", "hint": "cyan"}
_MAP_COLOURS = {
    "done": "green", "borrowed": "cyan", "next": "bold yellow", "tried": "red", "open": "dim", "locked": "dim",
}  # fmt: skip
_LOOK_SECONDS = 0.1


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command("stages")(with_status(show_map))
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(with_status(server))
    app.command()(with_status(catchup))


def select(words: Sequence[str]) -> list[Stage]:
    """The stages that the words name; all of them for ``stages`` alone.

    Raises:
        UnknownStageError: for a word that names none.
    """
    wanted = [word.removesuffix("/") for word in words if word != "stages"]
    return stages().select([] if wanted == ["miniredis"] else wanted)


def the_map(folder: Path) -> StageMap:
    """The learner's map as it is now."""
    return StageMap(stages(), Progress(folder).read(), OwnServer(folder).standing())


def show_map(
    what: Annotated[
        list[str] | None, typer.Argument(help="Weeks, families or stages to list by name; the whole map if none.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Draw the map of your own Redis: what is done, what is next, what is borrowed or locked."""
    found = the_map(course_folder())
    if as_json:
        print_json(found.to_dict())
        return 0
    if what:
        _list(found, select(what))
    else:
        print_map(found)
    return 0


def print_map(found: StageMap) -> None:
    """The whole map: a row a family, a mark a stage."""
    count = found.count()
    heading = Text("Your Redis  ", "bold")
    out().print(Text.assemble(heading, bar(count.done + count.borrowed, count.open, _BAR), f"  {count.sentence()}"))
    for week in found.catalog.weeks:
        of_week = found.count(s for s in found.catalog if s.week == week)
        told = of_week.sentence() if of_week.open else "comes later"
        out().print()
        out().print(Text.assemble((f"{week}", "bold"), (f"  {told}", "dim")))
        for row in found.week(week):
            line = Text(f"  {row.family:<13} ")
            for _, state in row.stages:
                line.append(f"{MAP_MARKS[state]}", _MAP_COLOURS[state])
            done = sum(state in {"done", "borrowed"} for _, state in row.stages)
            is_open = any(state != "locked" for _, state in row.stages)
            line.append(f"  {done} of {len(row.stages)}" if is_open else "  locked", "dim")
            out().print(line)
    out().print()
    _print_next(found)
    legend = Text("")
    for state, mark in MAP_MARKS.items():
        legend.append(f"{mark} ", _MAP_COLOURS[state]).append(f"{WORDS[state]}   ", "dim")
    out().print(legend)


def _list(found: StageMap, wanted: list[Stage]) -> None:
    column = max(len(s.slug) for s in wanted)
    week = ""
    for stage in wanted:
        if stage.week != week:
            week = stage.week
            out().print(Text(week, "bold"))
        state = found.states[stage.slug]
        line = Text.assemble(
            (f" {MAP_MARKS[state]} ", _MAP_COLOURS[state]), stage.slug.ljust(column), (f"  {stage.title}", "dim")
        )
        if state in {"borrowed", "locked"}:
            line.append(f"  ({WORDS[state]})", "dim")
        if out().is_terminal:
            line.truncate(max(out().width, 40), overflow="ellipsis")
        out().print(line)


def _print_next(found: StageMap) -> None:
    if found.next is None:
        out().print(Text("Every stage there is stands.", "bold green"))
        return
    out().print(Text.assemble(("Next: ", "bold"), f"{found.next.slug}  ", (found.next.title, "dim")))
    out().print(f"  {', '.join(f'notebooks/miniredis/{name}' for name in found.next.files)}", soft_wrap=True)
    out().print(Text(f"  course check stages · course watch stages · course hint {found.next.slug}", "dim"))


# Checking


def check(words: Sequence[str], solutions: bool, everything: bool, as_json: bool) -> int:
    """`course check stages …`: from the first unfinished stage to the first red one, unless told otherwise."""
    folder = course_folder()
    named = [word for word in words if word != "stages"]
    wanted = select(words)
    if solutions or everything:
        outcomes = _check_all(folder, wanted, solutions, as_json)
    else:
        if not named:
            wanted = the_map(folder).unfinished()
        outcomes = _check_on(folder, wanted, as_json)
    if as_json:
        print_json([o.to_dict() for o in outcomes])
    elif not outcomes:
        out().print(Text("Every stage there is stands. `course check stages --all` tries them all again.", "green"))
    return status_of(outcomes)


def status_of(outcomes: Sequence[StageOutcome]) -> int:
    """The exit status: 0 all green, 1 something red, 3 a check of ours failed."""
    if any(o.status == "error" for o in outcomes):
        return 3
    return 0 if all(o.green for o in outcomes) else 1


def _check_all(folder: Path, wanted: list[Stage], solutions: bool, quiet: bool) -> list[StageOutcome]:
    home = folder / ("solutions" if solutions else "notebooks")
    column = max((len(s.slug) for s in wanted), default=0)
    standing = {} if solutions else OwnServer(folder).places()
    outcomes: list[StageOutcome] = []

    def tell(outcome: StageOutcome) -> None:
        outcomes.append(outcome)
        if outcome.status == "wrong":
            mark_to_do(outcome, standing.get(outcome.slug, ()))
        if not quiet:
            out().print(stage_line(outcome, column))

    check_many(wanted, home, tell=tell)
    if not solutions:
        remember(folder, outcomes)
    if not quiet:
        red = [o for o in outcomes if o.status == "wrong"]
        if red:
            out().print()
            first = stages()[red[0].slug]
            if not solutions:
                mark_missing(red[0], folder, OwnServer(folder), first)
            print_card(folder, first, red[0])
        done = sum(o.status == "done" for o in outcomes)
        checked = sum(o.status not in {"locked", "unchecked"} for o in outcomes)
        out().print()
        out().print(Text(f"{done} of {checked} stages green", "bold"))
    return outcomes


def _check_on(folder: Path, wanted: list[Stage], quiet: bool) -> list[StageOutcome]:
    """Check one after the other, up to the first red one, whose card is shown."""
    outcomes: list[StageOutcome] = []
    column = max((len(s.slug) for s in wanted), default=0)
    with stage_run(folder / "notebooks") as run:
        for place, stage in enumerate(wanted):
            if quiet:
                outcome = check_own(run, folder, stage)
            else:
                with errors().status(f"Checking {stage.slug} …"):
                    outcome = check_own(run, folder, stage)
            outcomes.append(outcome)
            remember(folder, [outcome])
            if quiet:
                if outcome.status == "wrong":
                    name_it(run, folder, stage, outcome)
            elif outcome.green and len(wanted) > 1:
                out().print(stage_line(outcome, column))
            else:
                following = wanted[place + 1] if place + 1 < len(wanted) else None
                print_card(folder, stage, outcome, run, following)
            if not outcome.green:
                break
        if not quiet and (note := run.note()):
            out().print(Text(note, "yellow"), soft_wrap=True)
    return outcomes


def remember(folder: Path, outcomes: Sequence[StageOutcome]) -> None:
    """Count a try for each stage that is done, or wrong by the learner's own code."""
    known = Progress(folder)
    entries = known.read()
    for o in outcomes:
        entry = entries.get(o.slug)
        if o.status == "wrong" or (o.status == "done" and (entry is None or entry.status == "tried")):
            known.tried(o.slug, o.status == "done")
    if any(o.status == "done" for o in outcomes):
        settle(folder, known)
    if known.trouble:
        errors().print(Text(known.trouble, "yellow"), soft_wrap=True)


def stage_line(outcome: StageOutcome, column: int) -> Text:
    """One line: mark, slug, title, and for a red one the last line of what was found."""
    colour = _COLOURS[TONES[outcome.status]]
    line = Text.assemble((f" {MARKS[outcome.status]} ", colour), outcome.slug.ljust(column))
    if outcome.status == "wrong":
        told = outcome.text.rstrip().splitlines()[-1:] or outcome.note.splitlines()[:1]
        line.append(f"  {shown(' '.join(told))}", "red")
    else:
        line.append(f"  {outcome.title}", "" if outcome.status == "done" else "dim")
    if outcome.status == "done":
        line.append(f"  {outcome.seconds:.1f} s", "dim")
    elif outcome.status in {"locked", "unchecked"}:
        line.append(f"  ({outcome.status})", "dim")
    if out().is_terminal:
        line.truncate(max(out().width, 40), overflow="ellipsis")
    return line


def print_card(
    folder: Path, stage: Stage, outcome: StageOutcome, run: StageRun | None = None, following: Stage | None = None
) -> None:
    """The whole card of one outcome; with `run`, what it behaves like is found out when the rest is shown already."""
    entry = Progress(folder).read().get(stage.slug, Entry())
    card = StageCard(stage, outcome, entry.hints, following, terminal=True)
    colour = _COLOURS[TONES[outcome.status]]
    out().print(Text.assemble((card.mark, colour), (card.head()[1:], "bold")))
    for note in card.notes():
        for line in note.splitlines():
            deep = len(line) - len(line.lstrip())
            wrapped = textwrap.wrap(
                shown(line), max(width() - 2 - deep, 40), subsequent_indent=" " * deep, break_on_hyphens=False
            )
            for piece in wrapped or [""]:
                out().print(Text(f"  {piece}"), soft_wrap=True)
    if text := card.shown():
        out().print()
        finding = outcome.result.finding if outcome.result is not None else None
        if outcome.status == "wrong" and finding is not None:
            from rich.padding import Padding

            out().print(Padding(finding.renderable(), (0, 0, 0, 2)))
        else:
            for line in text.splitlines():
                out().print(Text(f"    {shown(line)}", "cyan"), soft_wrap=True)
        out().print()
    if run is not None and outcome.status == "wrong":
        name_it(run, folder, stage, outcome)
    for foot in card.feet():
        style = "bold yellow" if foot == outcome.resembles else ""
        for piece in textwrap.wrap(foot, width() - 2, break_on_hyphens=False):
            out().print(Text(f"  {piece}", style), soft_wrap=True)


# Hints and resets


def hint(words: str, number: int | None, as_json: bool) -> int:
    """`course hint mini.append`."""
    stage = stages()[words]
    if not stage.hints:
        raise CallError(f"{stage.slug} is locked: {stage.locked}")
    known = Progress(course_folder())
    entry = known.read().get(stage.slug)
    wanted = number if number is not None else min((entry.hints if entry else 0) + 1, len(stage.hints))
    if not 1 <= wanted <= len(stage.hints):
        raise CallError(f"{stage.slug} has hints 1 to {len(stage.hints)}.")
    known.hinted(stage.slug, wanted)
    if as_json:
        print_json({"slug": stage.slug, "number": wanted, "of": len(stage.hints), "hint": stage.hints[wanted - 1]})
    else:
        print_hint(stage, wanted)
    return 0


def reset(word: str) -> int:
    """`course reset mini.append`, `course reset miniredis/commands/strings.py`."""
    from grader.notebook.catchup import reset_file, reset_stage

    folder = course_folder()
    known = Progress(folder)
    if word.startswith("mini."):
        stage = stages()[word]
        done = reset_stage(folder, stage)
        known.forget(stage.slug)
        built_anew(folder, stage, known)
    else:
        done = reset_file(folder, word.partition("miniredis/")[2] or word)
    _told(folder, done)
    if known.trouble:
        errors().print(Text(known.trouble, "yellow"), soft_wrap=True)
    return 0


def _told(folder: Path, done: Reset) -> None:
    out().print(f"Done: {done.what}.", soft_wrap=True)
    out().print(f"Your old text is in {done.kept.relative_to(folder)}", soft_wrap=True)


# The server itself


def server(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="On 127.0.0.1.")] = PORT,
    solutions: Annotated[bool, typer.Option("--solutions", help="The reference instead of yours.")] = False,
) -> int:
    """Start your own Redis and show what it prints. Further options are its own: --appendonly yes. Ctrl-C ends it."""
    from grader.servers.miniredis import MiniServer

    folder = course_folder()
    data = folder / ".course" / "miniredis"
    data.mkdir(parents=True, exist_ok=True)
    home = folder / ("solutions" if solutions else "notebooks")
    mine = MiniServer(home, port=port, directory=data, more=context.args)
    try:
        out().print(Text.assemble(("Your Redis", "bold green"), f" answers at 127.0.0.1:{mine.port}."))
        out().print(Text(f"In another terminal: course redis cli --redis {mine.url}", "dim"), soft_wrap=True)
        out().print(Text("Ctrl-C ends it.", "dim"))
        return _follow(mine)
    finally:
        mine.stop()
        mine.close()


def _follow(mine: MiniServer) -> int:
    seen = 0
    with suppress(KeyboardInterrupt):
        while True:
            running = mine.running
            log = mine.log()
            if len(log) > seen:
                out().file.write(shown(log[seen:]))
                out().file.flush()
                seen = len(log)
            if not running:
                break
            time.sleep(_LOOK_SECONDS)  # between two looks at what it has printed
        crash = mine.crash()
        if mine.status == 0:
            out().print("It has ended, as it was asked to.")
            return 0
        errors().print(Text(str(crash), "red"), soft_wrap=True)
        return 1
    out().print("\nStopped.")
    return 0


# Catching up


def catchup(
    week: Annotated[str | None, typer.Argument(help="The week you want to begin, for example week3.")] = None,
    replace: Annotated[
        list[str] | None, typer.Option("--replace", help="A stage of yours to take from the reference.")
    ] = None,
) -> int:
    """Borrow the stages of all weeks before WEEK that you have not built. What you wrote stays; a copy is kept."""
    from grader.notebook.catchup import catch_up, replace_stage

    folder = course_folder()
    known = Progress(folder)
    if replace:
        for slug in replace:
            stage = stages()[slug]
            _told(folder, replace_stage(folder, stage))
            known.borrowed(stage.slug)
        settle(folder, known)
        if week is None:
            return 0
    if week is None:
        raise CallError("Which week? `course catchup week3` fills in what weeks 1 and 2 lack.")
    wanted = _weeks_before(week, stages())
    entries = known.read()
    caught = catch_up(folder, wanted, known)
    out().print(f"Your files as they were: {caught.kept.relative_to(folder)}", soft_wrap=True)
    if caught.borrowed:
        out().print("Borrowed:")
        for name, count in Counter(stages()[slug].week for slug in caught.borrowed).items():
            out().print(f"  {name}: {count} stage{'s' if count != 1 else ''}")
    else:
        out().print("Nothing was missing: no stub of these weeks is left.")
    for slug, why in caught.lost.items():
        out().print(Text(f"Left alone, {slug}: {why}", "yellow"), soft_wrap=True)
    doubtful = [stages()[s] for s in caught.own if not _finished(entries.get(s))]
    red = [o for o in _quietly(doubtful, folder) if o.status == "wrong"]
    for o in red:
        advice = (
            f"It follows from code of yours: `course check {o.slug}` shows what is wrong."
            if o.slug in caught.without_code
            else f"`course catchup --replace {o.slug}` takes the reference's."
        )
        out().print(Text(f"Yours and red: {o.slug}. {advice}", "yellow"), soft_wrap=True)
    if known.trouble:
        errors().print(Text(known.trouble, "yellow"), soft_wrap=True)
    out().print("Next: course check stages")
    return 1 if caught.lost or red else 0


def _quietly(wanted: list[Stage], folder: Path) -> list[StageOutcome]:
    if not wanted:
        return []
    with errors().status("Trying the stages you have written …"):
        outcomes = check_many(wanted, folder / "notebooks")
    remember(folder, outcomes)
    return outcomes


def _finished(entry: Entry | None) -> bool:
    return entry is not None and entry.status in {"solved", "borrowed"}


def _weeks_before(week: str, catalog: Stages) -> list[Stage]:
    name = f"week{week}" if week.isdigit() else week
    number = name.removeprefix("week")
    if not number.isdigit():
        raise UnknownStageError(week, catalog.weeks)
    last = catalog.weeks[-1].removeprefix("week")
    if not 1 <= int(number) <= int(last):
        raise CallError(f"There is no {name}: the course has the weeks 1 to {last}.")
    if int(number) == 1:
        raise CallError("Nothing comes before week 1: there is nothing to catch up with.")
    return [s for s in catalog if int(s.week.removeprefix("week")) < int(number)]
