"""What a sandbox costs: from asking for a worker to its first byte, and until it is gone without a trace.

    python bench/sandbox.py            a table
    python bench/sandbox.py --json     one JSON document
    python bench/sandbox.py --check    and exit status 1 when a warm worker's median is above 25 ms

The ways are taken in turn, so that a busy moment of the machine falls on all of them. A worker has imported redis,
hiredis and json before its first byte. Beside them stands a plain `python -c "import redis"` without any sandbox: the
ratios survive another machine.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from grader.marking.sandbox import Held, Limits, Sandbox, SandboxMissing, WarmWorkers, choose, redis_in_sandbox
from grader.marking.sandbox.bubblewrap import Bubblewrap
from grader.servers import LocalServer

AIM = 0.025  # seconds, of a warm worker
WORKER = """
import redis, hiredis, json, socket
def main():
    channel = socket.socket(fileno=3)
    channel.sendall(b"here")
    channel.recv(1)
"""
Way = Callable[[socket.socket], Held]


def measure(way: Way) -> tuple[float, float]:
    """Seconds to the first byte, and from `kill()` until all is gone."""
    mine, theirs = socket.socketpair()
    with mine:
        began = time.perf_counter()
        with theirs:
            held = way(theirs)
        assert mine.recv(16) == b"here", held.output
        there = time.perf_counter()
        held.kill()
        return there - began, time.perf_counter() - there


def ways(stack: ExitStack, share: dict[Path, str]) -> dict[str, Way]:
    """What this machine has."""
    found: dict[str, Way] = {}
    for kind in ("none", "bubblewrap", "docker"):
        try:
            sandbox = choose(kind)
        except SandboxMissing:
            continue
        found[f"{kind}, cold"] = _cold(sandbox, share)
        workers = stack.enter_context(
            WarmWorkers(sandbox, Limits(), share, entry="worker:main", path=["/worker"], preload=["redis", "json"])
        )
        if workers.warm:
            found[f"{kind}, warm"] = workers.start
    return found


def _cold(sandbox: Sandbox, share: dict[Path, str]) -> Way:
    code = "import sys; sys.path[:0] = sys.argv[1:]; import worker; worker.main()"
    return lambda channel: sandbox.start(["python", "-I", "-c", code, "/worker"], channel, Limits(), share)


def redis_start(make: Callable[[], LocalServer]) -> float:
    """Seconds until a Redis answers."""
    began = time.perf_counter()
    server = make()
    took = time.perf_counter() - began
    server.close()
    return took


def main() -> int:
    """Measure, and print."""
    reading = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reading.add_argument("--json", action="store_true")
    reading.add_argument("--check", action="store_true")
    reading.add_argument("--runs", type=int, default=30)
    asked = reading.parse_args()
    firsts: dict[str, list[float]] = {}
    ends: dict[str, list[float]] = {}
    starts: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        folder.chmod(0o755)
        (folder / "worker.py").write_text(WORKER)
        there = ways(stack, {folder: "/worker"})
        makers: dict[str, Callable[[], LocalServer]] = {"Redis, plain": LocalServer}
        if isinstance(best := choose(), Bubblewrap):
            makers["Redis, bubblewrap"] = lambda: redis_in_sandbox(best)
        for turn in range(asked.runs):
            for name, way in there.items():
                if "docker" in name and turn % 5:
                    continue
                first, end = measure(way)
                firsts.setdefault(name, []).append(first)
                ends.setdefault(name, []).append(end)
            for name, make in makers.items():
                starts.setdefault(name, []).append(redis_start(make))
    results = [
        {
            "what": name,
            "first_byte": median(times),
            "first_byte_95": quantiles(times, n=20)[-1],
            "gone": median(ends[name]) if name in ends else None,
            "runs": len(times),
        }
        for name, times in (*firsts.items(), *starts.items())
    ]
    if asked.json:
        json.dump(results, sys.stdout, indent=2)
    else:
        _print(results)
    warm = firsts.get("bubblewrap, warm")
    return int(bool(asked.check and (warm is None or median(warm) > AIM)))


def _print(results: list[dict[str, object]]) -> None:
    table = Table("what", "first byte, median", "95 %", "gone, median", "runs")
    for each in results:
        shown = [
            f"{each[k] * 1000:.1f} ms" if isinstance(each[k], float) else ""
            for k in ("first_byte", "first_byte_95", "gone")
        ]
        table.add_row(str(each["what"]), *shown, str(each["runs"]))
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
