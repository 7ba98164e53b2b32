"""How far does a server agree with real Redis? N generated scripts over all families, every reply compared.

Run it by hand: `python bench/agreement.py [--scripts 20000] [--ours "python -m miniredis"] [--against 8.2]`. `--ours`
may be a version too: `--ours 8.2 --against 7.0` measures Redis itself. The scripts are those of the stages' checks
(`grader.checks.stages`), each generator as many. A script ends at its first difference, so one wrong reply counts once.
`--encodings` compares OBJECT ENCODING as well, where a stage does. The numbers of the README come from here.
"""

from __future__ import annotations

import argparse
import atexit
import os
import shlex
import sys
import time
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from grader.checks.agreement.duel import Duel
from grader.checks.agreement.script import Scripts
from grader.checks.agreement.sweep import sweep
from grader.checks.stages.catalog import stages
from grader.checks.stages.registry import checked_slugs, checks_of
from grader.servers import LocalServer, binaries, standalone
from grader.servers.miniredis import MiniServer

SOLUTIONS = Path(__file__).resolve().parent.parent / "solutions"
FAMILIES_WITHOUT_A_NAME = "others"


@dataclass
class Part:
    """What came of one generator."""

    slug: str
    family: str
    scripts: int = 0
    exchanges: int = 0
    equal: int = 0
    tolerated: int = 0
    different: int = 0
    by_chance: int = 0
    by_command: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[tuple[str, str, int, str]] = field(default_factory=list)


_servers: dict[str, LocalServer | MiniServer] = {}


def version(series: str) -> AbstractContextManager[LocalServer]:
    """A Redis of a series such as "8.2", running inside of a `with` block."""
    for binary in binaries():
        if ".".join(map(str, binary.version)).startswith(series):
            return standalone(binary=binary)
    raise SystemExit(f"There is no redis-server {series} here.")


def begin(ours: str, against: str) -> None:
    """Start a pair of servers for this process."""
    with ExitStack() as starting:
        real = starting.enter_context(version(against))
        theirs: LocalServer | MiniServer
        if ours[0].isdigit():
            theirs = starting.enter_context(version(ours))
        else:
            theirs = MiniServer(SOLUTIONS, module=shlex.split(ours)[2:])
            starting.callback(theirs.close)
        _servers.update(real=real, theirs=theirs)
        atexit.register(starting.pop_all().close)


def family_of(slug: str) -> str:
    """The family of a stage."""
    stage = stages().by_slug.get(slug)
    return stage.family if stage else FAMILIES_WITHOUT_A_NAME


def measure(slug: str, place: int, scripts: int, seed: int, encodings: bool) -> Part:
    """Compare the servers of this process on one generator's scripts."""
    generated = checks_of(slug).generators[place]
    made = generated.make()
    strategy = made.strategy() if isinstance(made, Scripts) else made
    part = Part(slug, family_of(slug))
    with Duel(
        _servers["theirs"],
        _servers["real"],
        state=generated.state,
        encoding=generated.encoding and encodings,
        always_flush=True,
        back=made.back if isinstance(made, Scripts) else (),
    ) as duel:
        swept = sweep(duel, strategy, scripts, seed=seed)
    tally = swept.tally
    part.scripts, part.exchanges, part.by_chance = tally.scripts, tally.exchanges, tally.by_chance
    part.equal, part.tolerated, part.different = tally.equal, tally.tolerated, tally.different
    part.by_command = tally.by_command
    for (command, sentence), example in swept.examples.items():
        part.examples.append((command, sentence, example.weight[1], example.finding.text))
    return part


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--scripts", type=int, default=20_000)
    options.add_argument("--ours", default="python -m miniredis", help="a command from solutions/, or a version")
    options.add_argument("--against", default="8.2", help="the version of the real Redis")
    options.add_argument("--only", action="append", default=[], help="a family or a stage; may be repeated")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--jobs", type=int, default=(os.cpu_count() or 1) + 1, help="much of it is waiting")
    options.add_argument("--encodings", action="store_true")
    options.add_argument("--examples", type=int, default=40, help="how many disagreements are shown whole")
    chosen = options.parse_args()
    places = [
        (slug, place)
        for slug in checked_slugs()
        for place in range(len(checks_of(slug).generators))
        if not chosen.only or slug in chosen.only or family_of(slug) in chosen.only
    ]
    each = max(1, -(-chosen.scripts // len(places)))
    started = time.perf_counter()
    parts = run(places, each, chosen)
    report(parts, time.perf_counter() - started, chosen)


def run(places: list[tuple[str, int]], each: int, chosen: argparse.Namespace) -> list[Part]:
    """All parts, a few at a time."""
    parts: list[Part] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        ProcessPoolExecutor(chosen.jobs, initializer=begin, initargs=(chosen.ours, chosen.against)) as pool,
        Progress(*columns) as progress,
    ):
        bar = progress.add_task("generators", total=len(places))
        waiting: list[Future[Part]] = [
            pool.submit(measure, slug, place, each, chosen.seed, chosen.encodings) for slug, place in places
        ]
        for done in as_completed(waiting):
            parts.append(done.result())
            progress.update(bar, advance=1, description=f"{parts[-1].slug:24}")
    return parts


def report(parts: list[Part], seconds: float, chosen: argparse.Namespace) -> None:
    """The sums by family and by command, and each kind of disagreement with its shortest script."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    total = Part("", "all")
    families: dict[str, Part] = {}
    for part in parts:
        for into in (total, families.setdefault(part.family, Part("", part.family))):
            into.scripts += part.scripts
            into.exchanges += part.exchanges
            into.equal += part.equal
            into.tolerated += part.tolerated
            into.different += part.different
            into.by_chance += part.by_chance
            into.by_command.update(part.by_command)
            into.examples += part.examples
    table = Table("family", "scripts", "replies", "equal", "tolerated", "different", "by chance", "agree %")
    for each in [*sorted(families.values(), key=lambda part: part.family), total]:
        replies = each.equal + each.tolerated + each.different
        share = 100 * (each.equal + each.tolerated) / replies if replies else 100.0
        numbers = (each.scripts, replies, each.equal, each.tolerated, each.different, each.by_chance)
        table.add_row(each.family, *(f"{number:,}" for number in numbers), f"{share:.3f}")
    console.print(table)
    wrong = Table("command", "different", "of")
    answered: Counter[str] = Counter()
    for (command, _), count in total.by_command.items():
        answered[command] += count
    different = Counter({name: count for (name, how), count in total.by_command.items() if how == "different"})
    for command, count in different.most_common():
        wrong.add_row(command, f"{count:,}", f"{answered[command]:,}")
    if different:
        console.print(wrong)
    shortest: dict[tuple[str, str], tuple[int, str]] = {}
    for command, sentence, weight, text in total.examples:
        shortest[command, sentence] = min(shortest.get((command, sentence), (weight, text)), (weight, text))
    for (command, sentence), (_, text) in sorted(shortest.items())[: chosen.examples]:
        console.rule(f"{command}: {sentence}", align="left")
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{total.scripts:,} scripts, {total.exchanges:,} commands each, {seconds:.0f} s")


if __name__ == "__main__":
    main()
