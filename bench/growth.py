"""What a command costs as the keys become more: from 10^3 to 10^6, on the server of the course and on real Redis.

    python bench/growth.py                      a table; some minutes and 1 GB of memory
    python bench/growth.py --picture            and docs/pictures/miniredis-growth.png
    python bench/growth.py --json               one JSON document
    python bench/growth.py --largest 5          up to 10^5

What is said is the server's processor time for a command, in microseconds: it does not hear the noise of other programs
as a clock does. One client sends pipelines of a hundred, on random keys out of all there are. GET, SET, INCR and
EXPIRE work on as many strings; ZADD, ZRANK and ZRANGE (ten members from a random rank) on a sorted set of that many
members; SCAN is one step of ten keys. What grows like a logarithm looks nearly flat here; what grows with the keys is
a straight line that nobody overlooks.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from rivals import OURS, ROOT, Rival, Talk, newest_redis, running

PICTURE = ROOT / "docs" / "pictures" / "miniredis-growth.png"
HOUR = 3600
ENOUGH = 100_000  # keys: the memory of fewer may be what the process had at hand
WORK: dict[str, Callable[[str, int], list[object]]] = {
    "GET": lambda key, other: ["GET", key],
    "SET": lambda key, other: ["SET", key, other],
    "INCR": lambda key, other: ["INCR", key],
    "EXPIRE": lambda key, other: ["EXPIRE", key, HOUR],
    "SCAN": lambda key, other: ["SCAN", other],
    "ZADD": lambda key, other: ["ZADD", "board", other, key],
    "ZRANK": lambda key, other: ["ZRANK", "board", key],
    "ZRANGE": lambda key, other: ["ZRANGE", "board", other, other + 9],
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of the server's processor time that one command takes among `keys` keys."""

    server: str
    command: str
    keys: int
    microseconds: float


@dataclass(frozen=True, slots=True)
class Weight:
    """Bytes of memory that the server has taken for each of `keys` strings and as many members."""

    server: str
    keys: int
    bytes_each: float


def measure(
    servers: list[str], sizes: list[int], commands: int, rounds: int, told: Callable[[str], None]
) -> tuple[list[Cost], list[Weight]]:
    """Every command at every size. A server is filled up from size to size, never emptied."""
    costs, weights = [], []
    with running(servers) as rivals:
        empty = {rival.name: rival.resident() for rival in rivals}
        filled = 0
        for size in sizes:
            for rival in rivals:
                told(f"{rival.name}: filling up to {size:,} keys")
                fill(rival, range(filled, size))
                before, now = empty[rival.name], rival.resident()
                if before is not None and now is not None and size >= ENOUGH:
                    weights.append(Weight(rival.name, size, (now - before) / size))
            filled = size
            for name in WORK:
                told(f"{name}, {size:,} keys")
                costs += take_turns(rivals, name, size, commands, rounds)
    return costs, weights


def fill(rival: Rival, numbers: range) -> None:
    """Add strings, and members of one sorted set."""
    with Talk(rival) as talk:
        talk.run((["SET", f"key:{n}", n] for n in numbers), batch=1000)
        # In no order: members that come sorted would always be added at the end.
        scores = random.Random(numbers.start).sample(numbers, len(numbers))
        talk.run((["ZADD", "board", score, f"key:{n}"] for n, score in zip(numbers, scores, strict=True)), batch=1000)


def take_turns(rivals: list[Rival], name: str, size: int, commands: int, rounds: int) -> list[Cost]:
    """The median of the rounds; the first is thrown away."""
    found: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    for number in range(rounds + 1):
        for rival in rivals:
            cost = spend(rival, name, size, commands)
            if cost is None:
                raise SystemExit("The processor time of a process is read from /proc, which this system has not.")
            if number:
                found[rival.name].append(cost)
    return [Cost(server, name, size, median(values)) for server, values in found.items()]


def spend(rival: Rival, name: str, size: int, commands: int) -> float | None:
    """Microseconds of processor time for one command."""
    count = commands if rival.name == OURS else commands * 5  # a clock tick of 10 ms must be little in it
    chance = random.Random(size)
    made = list(work(name, size, count, chance))
    with Talk(rival) as talk:
        before = rival.cpu()
        talk.run(made)
        after = rival.cpu()
    return None if before is None or after is None else (after - before) / count * 1e6


def work(name: str, size: int, count: int, chance: random.Random) -> Iterator[list[object]]:
    """`count` commands on random keys; cursors of SCAN are any numbers, which is allowed."""
    for _ in range(count):
        yield WORK[name](f"key:{chance.randrange(size)}", chance.randrange(size))


def show(costs: list[Cost], weights: list[Weight]) -> None:
    """As a table."""
    sizes = sorted({cost.keys for cost in costs})
    table = Table(title="Microseconds of processor time for a command, by the number of keys", title_justify="left")
    for column in ("command", "server"):
        table.add_column(column, no_wrap=True)
    for size in sizes:
        table.add_column(f"{size:,}", justify="right", no_wrap=True)
    table.add_column("last of first", justify="right", no_wrap=True)
    servers = list(dict.fromkeys(cost.server for cost in costs))
    by_place = {(cost.command, cost.server, cost.keys): cost.microseconds for cost in costs}
    for command in WORK:
        for server in servers:
            line = [by_place[command, server, size] for size in sizes]
            cells = [*(f"{value:.1f}" for value in line), f"{line[-1] / line[0]:.1f}"]
            table.add_row(command if server == servers[0] else "", server, *cells)
        table.add_section()
    for server in servers:
        known = {weight.keys: f"{weight.bytes_each:.0f}" for weight in weights if weight.server == server}
        cells = [known.get(size, "") for size in sizes]
        table.add_row("bytes a key" if server == servers[0] else "", server, *cells, "")
    Console(width=max(Console().width, 100)).print(table)


def draw(costs: list[Cost], path: Path) -> None:
    """Two panels with one scale: ours and Redis."""
    from matplotlib.figure import Figure

    servers = list(dict.fromkeys(cost.server for cost in costs))
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    panels = figure.subplots(1, len(servers), sharey=True, squeeze=False)[0]
    for panel, server in zip(panels, servers, strict=True):
        for command in WORK:
            line = [cost for cost in costs if (cost.server, cost.command) == (server, command)]
            panel.plot([c.keys for c in line], [c.microseconds for c in line], marker="o", markersize=3, label=command)
        panel.set(title=server, xscale="log", yscale="log", xlabel="keys")
        panel.grid(visible=True, which="both", alpha=0.2)
    panels[0].set_ylabel("microseconds of CPU for a command")
    panels[-1].legend(fontsize="small", loc="upper left")
    figure.savefig(path, dpi=130)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--largest", type=int, default=6, help="the power of ten to go up to")
    parser.add_argument("--commands", type=int, default=20_000, help="commands of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--picture", nargs="?", type=Path, const=PICTURE, help="draw it, here or into a file")
    asked = parser.parse_args()
    sizes = [10**power for power in range(3, asked.largest + 1)]
    with Console(stderr=True).status("") as status:
        costs, weights = measure([OURS, newest_redis()], sizes, asked.commands, asked.rounds, status.update)
    if asked.picture:
        draw(costs, asked.picture)
    if asked.json:
        print(json.dumps({"costs": list(map(asdict, costs)), "weights": list(map(asdict, weights))}, indent=2))
    else:
        show(costs, weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
