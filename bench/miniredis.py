"""How fast the server of the course is: beside real Redis and fakeredis's TCP server, under redis-benchmark.

    python bench/miniredis.py                       a table; a few minutes
    python bench/miniredis.py --json                one JSON document
    python bench/miniredis.py --check               and exit status 1 where it is below its aims
    python bench/miniredis.py --only GET --seconds 0.5 --rounds 3

Fifty clients send one command each and wait (`-P 1`), or sixteen (`-P 16`). The rivals take turns, A B A B, so that a
busy moment hits them all; rates are medians of the rounds, ratios are medians of each round's ratio to the newest Redis
in that round, and survive another machine. All commands meet keys that exist: a miss costs less and flatters a server.
Beside the rate stands the server's processor time for a request, which tells servers apart where the network stack or
the load generator is the limit. At `-P 1` that limit is mostly the kernel; at `-P 16` one sees the server.

The aims: at `-P 1` 0.8 of real Redis and 5 times fakeredis; at `-P 16` 0.25 of real Redis, 0.5 with the parser that is
as fast as one in C (`--parser split`), and 30 times fakeredis.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rivals import AT, FAKE, OURS, OURS_FAST, Load, Rival, Talk, benchmark, names, newest_redis, running

CLIENTS, KEYS = 50, 10_000
RANDOM = "__rand_int__"
COMMANDS = {
    "SET": ["SET", f"key:{RANDOM}", "xxx"],
    "GET": ["GET", f"key:{RANDOM}"],
    "INCR": ["INCR", f"counter:{RANDOM}"],
    "LPUSH": ["LPUSH", "pushed", "xxx"],
    "LRANGE_100": ["LRANGE", "hundred", "0", "99"],
    "ZADD": ["ZADD", "board", RANDOM, f"element:{RANDOM}"],
    "HSET": ["HSET", "hash", f"element:{RANDOM}", "xxx"],
}
PIPELINES = (1, 16)
AIMS = {  # pipeline: of Redis for ours, of Redis for ours with the fast parser, times fakeredis
    1: (0.8, 0.8, 5),
    16: (0.25, 0.5, 30),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One command on one server.

    Attributes:
        rate: requests a second.
        cpu: microseconds of the server's processor time for a request; None where that cannot be known.
        of_redis: the rate as a ratio of the newest Redis's.
        times_fake: the rate as a multiple of fakeredis's; None where it was not measured.
    """

    command: str
    pipeline: int
    server: str
    rate: float
    cpu: float | None
    of_redis: float
    times_fake: float | None

    @property
    def missed(self) -> list[str]:
        """The aims that this is below, in words."""
        if self.server not in (OURS, OURS_FAST):
            return []
        plain, fast, fake = AIMS[self.pipeline]
        aim = fast if self.server == OURS_FAST else plain
        told = [f"{self.of_redis:.2f} of {newest_redis()}, aim {aim}"] if self.of_redis < aim else []
        if self.times_fake is not None and self.times_fake < fake:
            told.append(f"{self.times_fake:.1f} times fakeredis, aim {fake}")
        return [f"{self.server}, {self.command}, -P {self.pipeline}: {each}" for each in told]


def fill(rival: Rival) -> None:
    """Put in everything that the commands will meet."""
    numbers = [f"{number:012}" for number in range(KEYS)]
    with Talk(rival) as talk:
        talk.run(["SET", f"key:{n}", "xxx"] for n in numbers)
        talk.run(["SET", f"counter:{n}", 0] for n in numbers)
        talk.run(["HSET", "hash", f"element:{n}", "xxx"] for n in numbers)
        talk.run(["ZADD", "board", int(n), f"element:{n}"] for n in numbers)
        talk.run([["RPUSH", "hundred", *["xxx"] * 100]])


def measure(servers: list[str], commands: Iterable[str], rounds: int, seconds: float, progress: Progress) -> list[Row]:
    """Every command on every server, in turns."""
    rows = []
    cases = [(command, pipeline) for pipeline in PIPELINES for command in commands]
    with running(servers) as rivals:
        task = progress.add_task("filling", total=len(cases) * len(rivals) * (rounds + 1))
        for rival in rivals:
            fill(rival)
        for command, pipeline in cases:
            progress.update(task, description=f"{command} -P {pipeline}")
            loads = take_turns(rivals, command, pipeline, rounds, seconds, lambda: progress.advance(task))
            rows += compare(command, pipeline, loads)
    return rows


def take_turns(
    rivals: list[Rival], command: str, pipeline: int, rounds: int, seconds: float, done: Callable[[], None]
) -> dict[str, list[Load]]:
    """The rounds of one command; the first warms up and says how many requests fill `seconds`."""
    requests = {rival.name: CLIENTS * pipeline * (2 if rival.name.startswith(FAKE) else 10) for rival in rivals}
    loads: dict[str, list[Load]] = {rival.name: [] for rival in rivals}
    for number in range(rounds + 1):
        for rival in rivals:
            if command == "LPUSH":
                with Talk(rival) as talk:
                    talk.run([["DEL", "pushed"]])
            requests_now = requests[rival.name]
            load = benchmark(
                rival, COMMANDS[command], clients=CLIENTS, pipeline=pipeline, requests=requests_now, keys=KEYS
            )
            if number:
                loads[rival.name].append(load)
            requests[rival.name] = max(int(load.rate * seconds), CLIENTS * pipeline)
            done()
    return loads


def compare(command: str, pipeline: int, loads: dict[str, list[Load]]) -> list[Row]:
    """Medians, and the ratios of each round to Redis and fakeredis in the same round."""

    def ratio(server: str, base: str) -> float:
        return median(one.rate / two.rate for one, two in zip(loads[server], loads[base], strict=True))

    fake = next((server for server in loads if server.startswith(FAKE)), None)
    return [
        Row(
            command,
            pipeline,
            server,
            rate=median(load.rate for load in found),
            cpu=None if found[0].cpu is None else median(load.cpu or 0.0 for load in found),
            of_redis=ratio(server, newest_redis()),
            times_fake=None if fake is None else ratio(server, fake),
        )
        for server, found in loads.items()
    ]


def show(rows: list[Row]) -> None:
    """As a table."""
    table = Table(title=f"{CLIENTS} clients, {KEYS:,} keys", title_justify="left")
    for name in ("command", "server"):
        table.add_column(name, no_wrap=True)
    for name in ("requests/s", f"of {newest_redis()}", "times fakeredis", "CPU us/request"):
        table.add_column(name, justify="right", no_wrap=True)
    last = ""
    for row in rows:
        work = f"{row.command} -P {row.pipeline}"
        if last and work != last:
            table.add_section()
        cells = [
            f"{row.rate:,.0f}",
            f"{row.of_redis:.3f}" if row.of_redis < 0.1 else f"{row.of_redis:.2f}",
            "-" if row.times_fake is None else f"{row.times_fake:.1f}",
            "-" if row.cpu is None else f"{row.cpu:.1f}",
        ]
        table.add_row(work if work != last else "", row.server, *cells, style="bold" if row.missed else "")
        last = work
    console = Console(width=max(Console().width, 100))
    console.print(table)
    for pipeline in PIPELINES:
        for server in (OURS, OURS_FAST):
            ratios = [row.of_redis for row in rows if (row.server, row.pipeline) == (server, pipeline)]
            if ratios:
                console.print(f"{server}, -P {pipeline}: {median(ratios):.2f} of {newest_redis()} over the commands.")
    for missed in (each for row in rows for each in row.missed):
        console.print(f"Below its aim: {missed}.")


def conditions(rounds: int, seconds: float) -> dict[str, object]:
    """What a number is worth nothing without."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_at_the_end": os.getloadavg()[0],
        "rounds": rounds,
        "seconds_a_run": seconds,
        "clients": CLIENTS,
        "keys": KEYS,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each kind")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long one measurement is to take")
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="these commands")
    parser.add_argument("--without", nargs="+", default=[], help="rivals to leave out, by the begin of their names")
    parser.add_argument("--also", nargs="+", type=Path, default=[], help="folders with other versions of miniredis")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--check", action="store_true", help="status 1 where ours is below its aims")
    asked = parser.parse_args()
    servers = [each for each in names() if not any(each.startswith(word) for word in asked.without)]
    servers += [f"{AT}{folder.resolve()}" for folder in asked.also]
    with Progress(console=Console(stderr=True), transient=True) as progress:
        rows = measure(servers, asked.only, asked.rounds, asked.seconds, progress)
    missed = [each for row in rows for each in row.missed]
    if asked.json:
        found = conditions(asked.rounds, asked.seconds)
        print(json.dumps({"conditions": found, "rows": [asdict(row) for row in rows], "below": missed}, indent=2))
    else:
        show(rows)
    return int(asked.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
