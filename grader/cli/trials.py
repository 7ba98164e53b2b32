"""The trials of a whole server: the suites, and the soak. The server is your own unless another one is named."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from grader.cli.outcome import CallError, with_status
from grader.cli.screen import errors, out, print_json, shown
from grader.marking.place import course_folder

if TYPE_CHECKING:
    from grader.checks.soak import Sample
    from grader.marking.suites import Kept
    from grader.servers import Server
    from grader.servers.miniredis import MiniServer

Redis = Annotated[str | None, typer.Option("--redis", help="The URL of a server instead. Its keys are left alone.")]
Real = Annotated[bool, typer.Option("--real", help="A real Redis of this machine instead.")]
Solutions = Annotated[bool, typer.Option("--solutions", help="The course's own server instead.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
_MARKS = {"kept": ("✔", "green"), "broken": ("✘", "red"), "skipped": ("–", "dim"), "error": ("!", "yellow")}


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(with_status(suite))
    app.command()(with_status(soak))


def suite(
    names: Annotated[
        list[str] | None, typer.Argument(help="validation, integration or stability; all three if none.")
    ] = None,
    redis: Redis = None,
    real: Real = False,
    solutions: Solutions = False,
    seconds: Annotated[float, typer.Option(help="How long the stability suite takes.", min=1)] = 15.0,
    as_json: AsJson = False,
) -> int:
    """Try a whole server with the suites of the course. Status 0 when all promises are kept, 1 when not."""
    from grader.marking.suites import run_suite, suites

    unknown = sorted(set(names or ()) - set(suites()))
    if unknown:
        raise CallError(f"There is no suite {', '.join(unknown)}. There are: {', '.join(suites())}.")
    found: dict[str, list[Kept]] = {}
    with _tried(redis, real, solutions) as (server, what, trouble):
        for name in names or ("validation", "integration", "stability"):
            if not as_json:
                out().print(Text.assemble((f"{name}", "bold"), (f"  {what}", "dim")))
            with errors().status(f"{name} …"):
                found[name] = run_suite(name, server, seconds=seconds, tell=_say_nothing if as_json else _print_kept)
            if not as_json:
                out().print()
        crashed = trouble()
    if as_json:
        print_json({name: [each.to_dict() for each in kept] for name, kept in found.items()})
    else:
        _print_sum(found, crashed)
    everything = [each for kept in found.values() for each in kept]
    if any(each.status == "error" for each in everything):
        return 3
    return int(any(each.status == "broken" for each in everything))


def _say_nothing(kept: Kept) -> None:
    """With --json all is said at the end."""


def _print_kept(kept: Kept) -> None:
    mark, colour = _MARKS[kept.status]
    out().print(Text.assemble((f" {mark} ", colour), shown(kept.promise)))
    if kept.happened:
        out().print(Text(f"     {shown(kept.happened)}", colour))


def _print_sum(found: dict[str, list[Kept]], crashed: str) -> None:
    everything = [each for kept in found.values() for each in kept]
    kept = sum(each.status == "kept" for each in everything)
    skipped = sum(each.status == "skipped" for each in everything)
    told = f", {skipped} could not be tried" if skipped else ""
    colour = "green" if kept + skipped == len(everything) else "red"
    out().print(Text(f"{kept} of {len(everything)} promises kept{told}.", f"bold {colour}"))
    if crashed:
        out().print(Text(shown(crashed), "red"), soft_wrap=True)


def soak(
    seconds: Annotated[float, typer.Option(help="How long the clients are at work.", min=0.1)] = 60.0,
    clients: Annotated[int, typer.Option(help="How many there are, of all kinds.", min=1, max=500)] = 20,
    families: Annotated[str, typer.Option(help="Only these families of commands: strings,lists,…")] = "",
    seed: Annotated[int | None, typer.Option(help="Do again what a soak of this seed did.")] = None,
    redis: Redis = None,
    real: Real = False,
    solutions: Solutions = False,
    report: Annotated[Path, typer.Option("--report", help="Folder for soak.html, soak.png, soak.json.")] = Path(
        "course-report"
    ),
    as_json: AsJson = False,
) -> int:
    """Soak a server in commands: many clients, every reply checked, the memory watched. Ctrl-C sums up early.

    Status 0 when nothing was wrong, 1 when something was, 2 when the server lacks what a soak needs.
    """
    from grader.checks.soak import soak as soak_server
    from grader.checks.soak.report import summary, write_report

    wanted = [word.strip() for word in families.split(",") if word.strip()]
    with _tried(redis, real, solutions) as (server, what, trouble):
        with errors().status(f"Soaking {what} …") as status:

            def tell(sample: Sample) -> None:
                memory = "" if sample.memory is None else f", {sample.memory / 1e6:.1f} MB"
                status.update(f"{sample.seconds:.0f} of {seconds:.0f} s: {sample.operations:,} operations{memory}")

            found = soak_server(server, seconds=seconds, clients=clients, families=wanted, seed=seed, tell=tell)
        crashed = trouble()
    files = write_report(found, what, report)
    if as_json:
        print_json(found.to_dict())
    else:
        heading = f"Soak of {what}, {found.clients} clients"
        out().print(Text(f"{heading}, ended by Ctrl-C" if found.interrupted else heading, "bold"))
        for word, told in summary(found):
            bad = (word == "wrong" and found.tally.wrong) or (word == "memory" and found.leaks)
            out().print(Text.assemble(f"  {word:<18}", (shown(told), "red" if bad else "")), soft_wrap=True)
        for each in found.tally.first_wrong[:5]:
            out().print(Text.assemble((" ✘ ", "red"), shown(each.sent)), soft_wrap=True)
            out().print(Text(f"     expected {shown(each.expected)}", "dim"), soft_wrap=True)
            out().print(Text(f"     got      {shown(each.got)}", "red"), soft_wrap=True)
        if crashed:
            out().print(Text(shown(crashed), "red"), soft_wrap=True)
        out().print(Text("Report: " + ", ".join(str(file) for file in files), "dim"), soft_wrap=True)
    if found.interrupted:
        return 128 + signal.SIGINT
    return 0 if found.sound else 1


@contextmanager
def _tried(redis: str | None, real: bool, solutions: bool) -> Iterator[tuple[Server, str, Callable[[], str]]]:
    """The server that is tried, running; what it is called; and what has gone wrong inside it, "" for nothing."""
    from grader.servers import GivenServer, binaries, standalone
    from grader.servers.given import shown as without_password
    from grader.servers.miniredis import MiniServer

    if sum(map(bool, (redis, real, solutions))) > 1:
        raise CallError("Only one server at a time: --redis, --real or --solutions.")
    if redis:
        yield GivenServer(redis, "--redis"), without_password(redis), lambda: ""
    elif real:
        newest = max(binaries(), key=lambda each: each.version, default=None)
        with standalone(binary=newest, port=0) as server:
            yield server, f"Redis {'.'.join(map(str, server.version))}", lambda: ""
    else:
        home = course_folder() / ("solutions" if solutions else "notebooks")
        mine = MiniServer(home)
        try:
            yield mine, f"{home.name}/miniredis", lambda: _trouble(mine)
        finally:
            mine.close()


def _trouble(server: MiniServer) -> str:
    crash = server.crash()
    if crash is not None:
        return str(crash)
    complaint = server.complaint()
    return f"The server says: {complaint}." if complaint else ""
