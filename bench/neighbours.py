"""What others cost the clients at work: 1,000 idle connections, and a reader who is too slow for its reply.

    python bench/neighbours.py                a table
    python bench/neighbours.py --json         one JSON document
    python bench/neighbours.py --check        and exit status 1 where ours loses more than a tenth

Fifty clients get and set under redis-benchmark, alone and with the neighbours, in turns A B A B; the ratio of the rates
is what the neighbours leave them, 1 is all. The idle ones are connected and have said PING once. The slow reader has
asked for 32 MB and takes 4 KB twenty times a second, so the server holds the rest for it all the while and has to
go on sending. Real Redis stands beside ours: what it loses is the price of the machine, not of the design.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median

from rich.console import Console
from rich.table import Table
from rivals import OURS, Rival, Talk, benchmark, newest_redis, running

from grader.resp import encode_command

CLIENTS, KEYS, IDLE = 50, 10_000, 1_000
BIG, SIP, PAUSE = 32_000_000, 4096, 0.05  # bytes of the reply, bytes of a read, seconds between two reads
AIM = 0.9
COMMANDS = {"GET": ["GET", "key:__rand_int__"], "SET": ["SET", "key:__rand_int__", "xxx"]}


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of neighbour: the rate beside it, and that as a ratio of the rate without."""

    server: str
    command: str
    pipeline: int
    neighbour: str
    rate: float
    ratio: float
    cpu: float | None


@contextmanager
def nobody(rival: Rival) -> Iterator[None]:
    """To compare with."""
    yield


@contextmanager
def idle(rival: Rival) -> Iterator[None]:
    """A thousand who are connected and say nothing."""
    connections = [socket.create_connection(("127.0.0.1", rival.port), 10) for _ in range(IDLE)]
    try:
        for each in connections:
            each.sendall(encode_command("PING"))
        for each in connections:
            assert each.recv(16) == b"+PONG\r\n"
        yield
    finally:
        for each in connections:
            each.close()


@contextmanager
def slow_reader(rival: Rival) -> Iterator[None]:
    """One who asks for a lot and takes it in sips."""
    done = threading.Event()
    sipping = threading.Event()
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SIP)
        sock.connect(("127.0.0.1", rival.port))
        sock.sendall(encode_command("GET", "big"))

        def sip() -> None:
            while not done.wait(PAUSE):
                sock.recv(SIP)
                sipping.set()

        thread = threading.Thread(target=sip)
        thread.start()
        try:
            assert sipping.wait(10), "nothing came for the slow reader"
            yield
        finally:
            done.set()
            thread.join()


NEIGHBOURS = {"nobody": nobody, f"{IDLE:,} idle clients": idle, "a slow reader": slow_reader}


def measure(servers: list[str], rounds: int, seconds: float, told: Callable[[str], None]) -> list[Row]:
    """Every neighbour at every server, in turns."""
    rows = []
    with running(servers) as rivals:
        for rival in rivals:
            with Talk(rival) as talk:
                talk.run(["SET", f"key:{n:012}", "xxx"] for n in range(KEYS))
                talk.run([["SET", "big", "x" * BIG]])
            for command in COMMANDS:
                for pipeline in (1, 16):
                    told(f"{rival.name}, {command} -P {pipeline}")
                    rows += compare(rival, command, pipeline, rounds, seconds)
    return rows


def compare(rival: Rival, command: str, pipeline: int, rounds: int, seconds: float) -> list[Row]:
    """The rounds of one command; the first warms up and says how many requests fill `seconds`."""
    requests = 10_000
    rates: dict[str, list[float]] = {name: [] for name in NEIGHBOURS}
    costs: dict[str, list[float | None]] = {name: [] for name in NEIGHBOURS}
    for number in range(rounds + 1):
        for name, neighbour in NEIGHBOURS.items():
            with neighbour(rival):
                load = benchmark(
                    rival, COMMANDS[command], clients=CLIENTS, pipeline=pipeline, requests=requests, keys=KEYS
                )
            if number:
                rates[name].append(load.rate)
                costs[name].append(load.cpu)
            elif name == "nobody":
                requests = int(load.rate * seconds)
    return [
        Row(
            rival.name,
            command,
            pipeline,
            name,
            median(found),
            median(one / two for one, two in zip(found, rates["nobody"], strict=True)),
            None if None in costs[name] else median(cost or 0.0 for cost in costs[name]),
        )
        for name, found in rates.items()
    ]


def show(rows: list[Row]) -> None:
    """As a table."""
    table = Table(title=f"{CLIENTS} clients at work, and beside them …", title_justify="left")
    for name in ("server", "command", "beside them"):
        table.add_column(name, no_wrap=True)
    for name in ("requests/s", "of alone", "CPU us/request"):
        table.add_column(name, justify="right", no_wrap=True)
    last = ""
    for row in rows:
        work = f"{row.server} {row.command} -P {row.pipeline}"
        if last and work != last:
            table.add_section()
        first = (row.server, f"{row.command} -P {row.pipeline}") if work != last else ("", "")
        cost = "-" if row.cpu is None else f"{row.cpu:.1f}"
        table.add_row(*first, row.neighbour, f"{row.rate:,.0f}", f"{row.ratio:.2f}", cost)
        last = work
    Console(width=max(Console().width, 100)).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each kind")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long one measurement is to take")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--check", action="store_true", help="status 1 where ours loses more than a tenth")
    asked = parser.parse_args()
    console = Console(stderr=True)
    with console.status("") as status:
        rows = measure([OURS, newest_redis()], asked.rounds, asked.seconds, status.update)
    if asked.json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "aim": AIM}, indent=2))
    else:
        show(rows)
    return int(asked.check and any(row.server == OURS and row.ratio < AIM for row in rows))


if __name__ == "__main__":
    sys.exit(main())
