"""What it costs to be watched: a client direct, through the recorder and through the proxy, side by side.

    python bench/wire.py           a table
    python bench/wire.py --json    one JSON document
    python bench/wire.py --check   and exit status 1 when the proxy is below its aim

The ways take turns, so that a busy moment hits them all; rates are medians of the rounds, ratios are of each round to
the direct way in the same round, and survive another machine. The aim of the proxy: one client without a pipeline
gets 10,000 commands a second or half of the direct rate, whichever is less. Clients are redis-py, a plain socket that
does nothing but send and receive, and redis-benchmark where it is installed. Transcripts are read once at the end of
every measurement, outside of its time; what reading costs is a line of its own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from urllib.parse import urlparse

import redis
from rich.console import Console
from rich.table import Table

from grader.resp import encode_command
from grader.servers import LocalServer, standalone
from grader.wire import Proxy, Wire

AIM = 10_000  # commands a second
GET = encode_command("GET", "key")


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of work on one way: commands a second, and that as a ratio of the direct rate."""

    work: str
    way: str
    rate: float
    ratio: float

    @property
    def added(self) -> float:
        """Microseconds that each command takes longer than on the direct way."""
        return (1 - self.ratio) / self.rate * 1e6


def sequential(client: redis.Redis, count: int) -> None:
    """One command, one wait."""
    for _ in range(count):
        client.get("key")


def pipelined(client: redis.Redis, count: int) -> None:
    """A hundred commands, one wait."""
    for _ in range(count // 100):
        pipe = client.pipeline(transaction=False)
        for _ in range(100):
            pipe.get("key")
        pipe.execute()


def megabytes(client: redis.Redis, count: int) -> None:
    """Values of 1 MB, there and back."""
    data = b"x" * 1_000_000
    for _ in range(count // 2):
        client.set("big", data)
        client.get("big")


def measure(rounds: int, scale: float) -> list[Row]:
    """Everything, on a Unix socket and on TCP."""
    rows: list[Row] = []
    with standalone(port=0) as server:
        server.client().set("key", "value")
        for kind in ("unix", "tcp"):
            url = f"unix://{server.socket_path}" if kind == "unix" else f"redis://127.0.0.1:{server.port}/0"
            with ways(url) as clients:
                for name, work, count in (
                    ("GET, one by one", sequential, int(3000 * scale)),
                    ("GET, pipelines of 100", pipelined, int(20_000 * scale)),
                    ("1 MB, SET and GET", megabytes, max(int(20 * scale), 2)),
                ):
                    rows += compare(
                        f"redis-py, {kind}: {name}",
                        {way: clock(work, client, count) for way, client in clients.items()},
                        rounds,
                    )
            with Proxy(url) as proxy:
                count = int(5000 * scale)
                plain = {"direct": url, "proxy": proxy.url}
                rows += compare(
                    f"plain socket, {kind}: GET, one by one",
                    {way: by_socket(address, count) for way, address in plain.items()},
                    rounds,
                    after=proxy.clear,
                )
        rows += foreign(server, rounds, scale)
    return rows


@contextmanager
def ways(url: str) -> Iterator[dict[str, redis.Redis]]:
    """A client for each way, of the same making."""
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy(url))
        wire = stack.enter_context(Wire(url))
        direct = redis.Redis.from_url(url, protocol=2, socket_timeout=5.0, driver_info=None, retry=None)
        stack.callback(direct.close)
        yield {"direct": direct, "recorder": wire.client(), "proxy": proxy.client()}


def clock(work: Callable[[redis.Redis, int], None], client: redis.Redis, count: int) -> Callable[[], float]:
    """A measurement: commands a second."""

    def rate() -> float:
        start = time.perf_counter()
        work(client, count)
        return count / (time.perf_counter() - start)

    return rate


def by_socket(url: str, count: int) -> Callable[[], float]:
    """A measurement with a client that does the least there is to do."""

    def rate() -> float:
        address = urlparse(url)
        with socket.socket(socket.AF_UNIX if address.scheme == "unix" else socket.AF_INET) as plain:
            plain.connect(address.path if address.scheme == "unix" else ("127.0.0.1", address.port))
            if plain.family == socket.AF_INET:
                plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            start = time.perf_counter()
            for _ in range(count):
                plain.sendall(GET)
                plain.recv(100)
            return count / (time.perf_counter() - start)

    return rate


def foreign(server: LocalServer, rounds: int, scale: float) -> list[Row]:
    """redis-benchmark: a client that is faster than any of ours."""
    tool = shutil.which("redis-benchmark")
    if tool is None:
        return []
    rows = []
    with Proxy(f"unix://{server.socket_path}") as proxy:
        paths = {"direct": server.socket_path, "proxy": proxy.socket_path}
        for clients, pipeline in ((1, 1), (50, 1), (50, 16)):
            count = str(int(20_000 * scale * (5 if pipeline > 1 else 1)))
            options = ["-c", str(clients), "-P", str(pipeline), "-n", count, "-t", "get", "-q", "--csv"]

            def run(path: object, options: list[str] = options) -> float:
                command = [tool, "-s", str(path), *options]
                said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                return float(said.splitlines()[-1].split('","')[1])

            measurements = {way: (lambda path=path: run(path)) for way, path in paths.items()}
            rows += compare(
                f"redis-benchmark: GET, -c {clients} -P {pipeline}", measurements, rounds, after=proxy.clear
            )
    return rows


def compare(
    work: str, measurements: dict[str, Callable[[], float]], rounds: int, after: Callable[[], object] = lambda: None
) -> list[Row]:
    """Let the ways take turns; `after` each measurement."""
    rates: dict[str, list[float]] = {way: [] for way in measurements}
    for number in range(rounds + 1):
        for way, rate in measurements.items():
            value = rate()
            after()
            if number:  # the first round warms up
                rates[way].append(value)
    return [
        Row(
            work,
            way,
            median(values),
            median(value / direct for value, direct in zip(values, rates["direct"], strict=True)),
        )
        for way, values in rates.items()
    ]


def reading() -> float:
    """Microseconds that the proxy takes for a command and its reply when somebody looks at the transcript."""
    with standalone() as server, Proxy(server.url) as proxy:
        client = proxy.client()
        pipelined(client, 20_000)
        start = time.perf_counter()
        count = len(proxy.exchanges)
        return (time.perf_counter() - start) / count * 1e6


def show(rows: list[Row], microseconds: float) -> None:
    """As a table."""
    table = Table(title="Being watched", title_justify="left")
    table.add_column("work", no_wrap=True)
    table.add_column("way", no_wrap=True)
    for name in ("commands/s", "of direct", "added, us"):
        table.add_column(name, justify="right", no_wrap=True)
    last = ""
    for row in rows:
        if last and row.work != last:
            table.add_section()
        added = "" if row.way == "direct" else f"{row.added:.1f}"
        table.add_row(row.work if row.work != last else "", row.way, f"{row.rate:,.0f}", f"{row.ratio:.2f}", added)
        last = row.work
    console = Console(width=max(Console().width, 100))
    console.print(table)
    console.print(f"Reading a proxy's transcript: {microseconds:.1f} us a command, when somebody looks.")
    console.print(f"Aim of the proxy, one by one: {AIM:,} commands/s or half of the direct rate.")


def below_aim(rows: list[Row]) -> list[Row]:
    """Where one client without a pipeline gets less through the proxy than it should."""
    return [
        row for row in rows if row.way == "proxy" and "one by one" in row.work and row.rate < AIM and row.ratio < 0.5
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="measurements of each kind")
    parser.add_argument("--scale", type=float, default=1.0, help="how much work, 1 is a few minutes")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of a table")
    parser.add_argument("--check", action="store_true", help="status 1 when the proxy is below its aim")
    asked = parser.parse_args()
    rows, microseconds = measure(asked.rounds, asked.scale), reading()
    if asked.json:
        table = [{**asdict(row), "added_us": row.added} for row in rows]
        print(json.dumps({"rows": table, "reading_us": microseconds, "aim": AIM}, indent=2))
    else:
        show(rows, microseconds)
    return int(asked.check and bool(below_aim(rows)))


if __name__ == "__main__":
    sys.exit(main())
