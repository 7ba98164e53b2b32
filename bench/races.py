"""Five answers with a race, tested by threads again and again, and by `grader.wire.race`, side by side.

Run it by hand: `python bench/races.py [runs]` (1,000 runs of threads unless told otherwise). The threads have open
connections of their own and are started one after the other, as in an ordinary test; then once more at a barrier,
as a careful tester does it. The numbers of the README come from here.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from rich.console import Console
from rich.progress import track
from rich.table import Table

from grader.servers import scratch
from grader.wire.race import End, RaceFound, race


@dataclass(frozen=True)
class Naive:
    """An answer, what prepares the database, and what must hold when two have run it at the same time."""

    name: str
    how: str
    act: Callable[[redis.Redis], Any]
    setup: Callable[[redis.Redis], object]
    holds: Callable[[End], bool]


def limited(r: redis.Redis) -> bool:
    """At most one request: count, then add."""
    if r.zcard("limit:ada") >= 1:
        return False
    r.zadd("limit:ada", {f"{threading.get_ident()}:{time.time_ns()}": 1})
    return True


def bought(r: redis.Redis) -> bool:
    """Sell the last piece: read, then write."""
    left = int(r.get("stock") or 0)
    if left <= 0:
        return False
    r.set("stock", left - 1)
    return True


def taken(r: redis.Redis) -> str | None:
    """Take a job: look at the first, then remove it."""
    job = r.lindex("queue", 0)
    if job is not None:
        r.lpop("queue")
    return str(job)


def renamed(r: redis.Redis) -> None:
    """Change one field of a profile that is a JSON string."""
    profile = json.loads(str(r.get("profile")))
    profile[f"by {r.connection_pool.connection_kwargs['client_name']}"] = True
    r.set("profile", json.dumps(profile))


def bought_watching_late(r: redis.Redis) -> bool:
    """Sell the last piece with WATCH, but look before watching."""
    left = int(r.get("stock") or 0)
    if left <= 0:
        return False
    pipe: Any  # redis-py's watch() has no types
    with r.pipeline() as pipe:
        pipe.watch("stock")
        pipe.multi()
        pipe.set("stock", left - 1)
        try:
            pipe.execute()
        except redis.WatchError:
            return bought_watching_late(r)
    return True


def locked(r: redis.Redis) -> bool:
    """Take a lock: see whether it is free, then take it."""
    if r.exists("lock"):
        return False
    r.set("lock", "mine", ex=10)
    return True


def one_yes(end: End) -> bool:
    return end.results.count(True) == 1


NAIVE = [
    Naive("rate limiter", "ZCARD, then ZADD", limited, lambda r: None, one_yes),
    Naive("stock", "GET, then SET", bought, lambda r: r.set("stock", 1), one_yes),
    Naive(
        "queue",
        "LINDEX, then LPOP",
        taken,
        lambda r: r.rpush("queue", "first", "second"),
        lambda end: sorted(end.results) == ["first", "second"],
    ),
    Naive(
        "profile",
        "GET, json, SET",
        renamed,
        lambda r: r.set("profile", "{}"),
        lambda end: len(json.loads(str(end.redis.get("profile")))) == 2,
    ),
    Naive("lock", "EXISTS, then SET", locked, lambda r: None, one_yes),
    Naive("stock, half mended", "GET, then WATCH", bought_watching_late, lambda r: r.set("stock", 1), one_yes),
]


def by_threads(naive: Naive, url: str, runs: int, together: bool) -> int:
    """How many of `runs` broke; `together` lets the two start at a barrier."""
    look = redis.Redis.from_url(url, decode_responses=True, protocol=2)
    clients = [redis.Redis.from_url(url, decode_responses=True, protocol=2, client_name=f"actor-{n}") for n in range(2)]
    barrier = threading.Barrier(2)
    broken = 0
    for _ in track(range(runs), description=naive.name, transient=True):
        look.flushall()
        naive.setup(look)
        results: list[Any] = [None, None]

        def run(number: int, results: list[Any] = results) -> None:
            if together:
                barrier.wait()
            results[number] = naive.act(clients[number])

        threads = [threading.Thread(target=run, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        broken += not naive.holds(End(look, results, ""))
    return broken


def by_race(naive: Naive, url: str) -> tuple[int, float]:
    """In how many schedules it broke, and the seconds until then."""
    try:
        race(url, naive.act, naive.act, setup=naive.setup, invariant=naive.holds)
    except RaceFound as found:
        return found.schedules, found.seconds
    raise SystemExit(f"{naive.name}: no race was found")


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    url = scratch().url
    table = Table(title=f"Two copies at the same time: {runs} runs of threads against the race finder")
    for column in ("answer", "its two steps"):
        table.add_column(column)
    for column in ("threads broke it", "with a barrier", "race: in schedule", "after"):
        table.add_column(column, justify="right")
    for naive in NAIVE:
        apart, together = (by_threads(naive, url, runs, barrier) for barrier in (False, True))
        schedules, seconds = by_race(naive, url)
        table.add_row(
            naive.name, naive.how, f"{apart} times", f"{together} times", str(schedules), f"{seconds * 1000:.0f} ms"
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
