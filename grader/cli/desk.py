"""The commands around the learner's desk: learn, doctor, redis."""

from __future__ import annotations

import signal
import webbrowser
from contextlib import ExitStack, suppress
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from grader.cli.outcome import with_status
from grader.cli.screen import errors, out, print_json
from grader.marking.place import course_folder

if TYPE_CHECKING:
    from grader.notebook.desk import DeskRedis
    from grader.notebook.lab import Lab

_LOOK_SECONDS = 1.0
"""How often `learn` looks whether its Redis is still there."""


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(with_status(learn))
    app.command()(with_status(doctor))
    redis = typer.Typer(help="The Redis you learn on.", no_args_is_help=True)
    redis.command("start")(with_status(redis_start))
    redis.command("stop")(with_status(redis_stop))
    redis.command("status")(with_status(redis_status))
    # What follows the first word is Redis's: `course redis cli ZADD board -1 ada`.
    words_as_they_are = {"ignore_unknown_options": True, "allow_interspersed_args": False}
    redis.command("cli", context_settings=words_as_they_are)(with_status(redis_cli))
    app.add_typer(redis, name="redis")


def learn(
    context: typer.Context,
    redis: Annotated[str | None, typer.Option(help="A URL, or 'docker'. Default: REDIS_URL, else a local one.")] = None,
    port: Annotated[int | None, typer.Option(help="JupyterLab's port on 127.0.0.1.")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the start page.")] = True,
) -> int:
    """Open the course: a Redis and JupyterLab on the start page. Ctrl-C ends both."""
    from grader.notebook.desk import learners_redis
    from grader.notebook.lab import lab

    folder = course_folder()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup asks for that
            signal.signal(number, _as_interrupt)
    with ExitStack() as stack:
        try:
            with errors().status("Starting Redis …"):
                server = stack.enter_context(learners_redis(folder, redis))
            with errors().status("Starting JupyterLab …"):
                running = stack.enter_context(lab(folder, server.url, port, context.args))
            _greet(server, running)
            if browser:
                webbrowser.open(running.url)
            while (status := running.wait(_LOOK_SECONDS)) is None:
                if server.tend():
                    out().print(f"Redis had ended. It was started again at {server.shown}, empty.")
        except KeyboardInterrupt:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)  # everything is being ended already
            with suppress(OSError):  # the terminal may be gone
                out().print("\nStopping …", end=" ")
            stack.close()
            with suppress(OSError):
                out().print("Stopped. Your work is saved in notebooks/.")
            return 0
        errors().print(f"JupyterLab ended by itself with status {status}; its log is {running.log}", soft_wrap=True)
        return 1


def _greet(server: DeskRedis, running: Lab) -> None:
    out().print(Text("The Redis course\n", "bold red"))
    for name, value in (
        (f"Redis {server.version}", server.shown),
        ("JupyterLab", running.url),
        ("Lessons", "modules/README.md"),
    ):
        out().print(Text.assemble((f"  {name:<14}", "bold"), value), soft_wrap=True)
    out().print(Text("\nCtrl-C ends both and leaves nothing running.", "dim"))


def _as_interrupt(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Look at everything the course needs, and what to do about what is missing. Status 1 for a problem."""
    from grader.notebook.doctor import examine

    findings = examine()
    if as_json:
        print_json([f.to_dict() for f in findings])
    else:
        marks = {"ok": ("✔", "green"), "warning": ("!", "yellow"), "problem": ("✘", "red")}
        table = Table.grid(padding=(0, 1))
        for f in findings:
            mark, colour = marks[f.verdict]
            text = Text(f.found)
            if f.advice:
                text.append(f"\n{f.advice}", "dim" if f.verdict == "ok" else colour)
            table.add_row(Text(f" {mark}", colour), Text(f.what, "bold"), text)
        out().print(table)
        worst = [f for f in findings if f.verdict == "problem"]
        warned = [f for f in findings if f.verdict == "warning"]
        out().print()
        if worst:
            out().print(
                Text(f"{len(worst)} problem{'s' if len(worst) > 1 else ''} to solve before you start.", "bold red")
            )
        else:
            told = f" {len(warned)} warning{'s' if len(warned) != 1 else ''}: see above." if warned else ""
            out().print(Text(f"Ready.{told} `make learn` opens the course.", "bold green"))
    return 1 if any(f.verdict == "problem" for f in findings) else 0


def redis_start(
    port: Annotated[int | None, typer.Option(help="On 127.0.0.1; 6379 or the next free one if not given.")] = None,
) -> int:
    """Start a Redis that stays until `course redis stop`."""
    from grader.servers import start_background

    running = start_background(course_folder(), port=port)
    out().print(f"Redis {running.version} at {running.url}")
    out().print("`course redis cli` talks to it, `course redis stop` ends it.", style="dim")
    return 0


def redis_stop() -> int:
    """Stop the Redis that `course redis start` started."""
    from grader.servers import stop_background

    stopped = stop_background(course_folder())
    out().print(f"Stopped the Redis at {stopped.url}. What it held is gone: it kept everything in memory.")
    return 0


def redis_status(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> int:
    """Say which Redis is used and whether it answers. Status 1 when none runs."""
    from grader.notebook.desk import status

    found = status(course_folder())
    if as_json:
        print_json(found.to_dict())
    else:
        out().print(found.sentence())
    return 0 if found.answers else 1


def redis_cli(
    words: Annotated[list[str] | None, typer.Argument(help="One command to run; a prompt if none.")] = None,
    redis: Annotated[str | None, typer.Option(help="A URL. Default: the Redis you learn on.")] = None,
) -> int:
    """Talk to Redis as redis-cli does, for who has no redis-cli."""
    from grader.cli.redis_prompt import run

    return run(course_folder(), words or [], redis)
