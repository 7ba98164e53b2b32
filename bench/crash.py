"""Kills a server in the middle of its work, starts it again, and counts what was lost of what it had acknowledged.

    python bench/crash.py              200 kills for each policy of appendfsync, on the reference
    python bench/crash.py --kills 20 --policy always
    python bench/crash.py --real       the same on a real Redis, to see that the experiment is fair

Several clients write at once, each to keys of its own: strings, lists, hashes, and transactions of two counters. Every
write has a number. At a random moment the process gets a SIGKILL, in a third of the runs while BGREWRITEAOF is at work.
After the restart each client's keys must be what its first m writes make of them, for one m: that is a prefix, with
nothing torn, swapped or half. And m must be no less than the last write it has had a reply to.

SIGKILL ends a process, not a machine: what the kernel has taken is safe from it. So nothing may be lost with
`everysec` and `no` either. What these risk, a second or more of writes in a power cut, no signal can show.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import redis

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from grader.servers import standalone
from grader.servers.miniredis import MiniServer

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
POLICIES = ("always", "everysec", "no")
CLIENTS = 3
LONGEST = 0.15  # seconds under load


class Killable(Protocol):
    """A server that can be killed and started again on its files."""

    def client(self, **options: Any) -> redis.Redis: ...

    def kill(self) -> None: ...

    def restart(self) -> None: ...


@dataclass(slots=True)
class Writer:
    """One client and what it knows: how many of its writes were sent, and how many acknowledged."""

    name: str
    sent: int = 0
    acknowledged: int = 0

    def write(self, client: redis.Redis, batch: int) -> None:
        """Send some writes together and wait for their replies."""
        pipe: Any = client.pipeline(transaction=False)
        first, self.sent = self.sent + 1, self.sent + batch
        for number in range(first, self.sent + 1):
            for command in commands(self.name, number):
                pipe.execute_command(*command)
        pipe.execute()
        self.acknowledged = self.sent

    def run(self, client: redis.Redis, batches: random.Random) -> None:
        """Write until the server is gone."""
        try:
            while True:
                self.write(client, batches.choice((1, 1, 1, 2, 5, 20)))
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            return


def commands(name: str, number: int) -> list[tuple[str | int, ...]]:
    """Return the commands of the `number`-th write of a client."""
    kind = number % 4
    if kind == 0:
        return [("RPUSH", f"{name}:list", number)]
    if kind == 1:
        return [("SET", f"{name}:string", number, "EX", 1000)]
    if kind == 2:
        return [("MULTI",), ("INCR", f"{name}:a"), ("INCR", f"{name}:b"), ("EXEC",)]
    return [("HSET", f"{name}:hash", number % 5, number)]


def expected(number: int) -> dict[str, Any]:
    """Return what the first `number` writes of a client make of its keys."""
    state: dict[str, Any] = {"list": [], "string": None, "a": None, "b": None, "hash": {}}
    for each in range(1, number + 1):
        kind = each % 4
        if kind == 0:
            state["list"].append(str(each))
        elif kind == 1:
            state["string"] = str(each)
        elif kind == 2:
            state["a"] = state["b"] = str(int(state["a"] or 0) + 1)
        else:
            state["hash"][str(each % 5)] = str(each)
    return state


def found(client: redis.Redis, name: str) -> dict[str, Any]:
    """Return what a server has of a client's keys."""
    return {
        "list": client.lrange(f"{name}:list", 0, -1),
        "string": client.get(f"{name}:string"),
        "a": client.get(f"{name}:a"),
        "b": client.get(f"{name}:b"),
        "hash": client.hgetall(f"{name}:hash"),
    }


def survived(state: dict[str, Any], sent: int) -> int | None:
    """Return after how many writes the keys were like this, None if they never were."""
    last = max(
        [int(text) for text in state["list"][-1:]]
        + [int(state["string"] or 0), int(state["a"] or 0) * 4 - 2]
        + [int(text) for text in state["hash"].values()],
        default=0,
    )
    last = max(last, 0)
    return last if last <= sent and expected(last) == state else None


@dataclass(slots=True)
class Outcome:
    """What one kill has shown."""

    acknowledged: int = 0
    survived: int = 0
    problems: list[str] = field(default_factory=list)


def crash(server: Killable, chance: random.Random) -> Outcome:
    """Empty a running server, load it, kill it, start it again and look."""
    server.client().flushall()
    writers = [Writer(f"client{number}") for number in range(CLIENTS)]
    threads = [
        threading.Thread(target=writer.run, args=(server.client(), random.Random(chance.random())))
        for writer in writers
    ]
    for thread in threads:
        thread.start()
    if chance.random() < 1 / 3:
        _let_time_pass(chance.uniform(0, LONGEST / 2))
        server.client().bgrewriteaof()
    _let_time_pass(chance.uniform(0, LONGEST))
    server.kill()
    for thread in threads:
        thread.join()
    server.restart()
    outcome = Outcome()
    client = server.client()
    for writer in writers:
        state = found(client, writer.name)
        number = survived(state, writer.sent)
        outcome.acknowledged += writer.acknowledged
        if number is None:
            outcome.problems.append(f"{writer.name} has what no prefix of its {writer.sent} writes makes: {state}")
            continue
        outcome.survived += number
        if number < writer.acknowledged:
            outcome.problems.append(f"{writer.name} heard of write {writer.acknowledged} and finds {number}")
    return outcome


def _let_time_pass(seconds: float) -> None:
    """The moment of the kill is the experiment's random variable; there is no condition to wait for."""
    threading.Event().wait(seconds)


@contextmanager
def started(policy: str, folder: Path, real: bool) -> Iterator[Killable]:
    """A server in a folder of its own."""
    options: dict[str, Any] = {"appendonly": True, "appendfsync": policy}
    if real:
        with standalone(directory=folder, **options) as server:
            yield server
        return
    mini = MiniServer(SOLUTIONS, directory=folder, config=options)
    try:
        yield mini
    finally:
        mini.close()


def main() -> int:
    """Run the experiment; 1 if anything that was acknowledged is lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="for each policy")
    parser.add_argument("--policy", action="append", choices=POLICIES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="kill a real Redis")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    report = {}
    for policy in options.policy or POLICIES:
        report[policy] = total = Counter[str]()
        began = time.monotonic()
        with (
            tempfile.TemporaryDirectory(prefix="crash-") as folder,
            started(policy, Path(folder), options.real) as server,
        ):
            for number in range(options.kills):
                outcome = crash(server, random.Random(f"{options.seed} {policy} {number}"))
                total["kills"] += 1
                total["acknowledged"] += outcome.acknowledged
                total["survived"] += outcome.survived
                total["problems"] += len(outcome.problems)
                for problem in outcome.problems:
                    print(f"{policy}, kill {number}: {problem}", file=sys.stderr)
        total["seconds"] = round(time.monotonic() - began)
        if not options.json:
            print(policy, dict(total), flush=True)
    if options.json:
        print(json.dumps(report))
    return 1 if any(total["problems"] for total in report.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
