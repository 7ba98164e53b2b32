"""How long another client waits behind one big command, and behind the same work in small steps.

    python bench/scan_latency.py                     every Redis found here, 200,000 elements
    python bench/scan_latency.py --elements 1000000

One thread holds two connections. It sends the command on the first, at once a PING on the second, and takes the time
until the PONG: that is what everybody else waits. Of the big command the median of several rounds counts. A walk does
the same steps in each round: of each step the best round counts, which leaves out what other programs take of this
machine, and of all steps the longest. Milliseconds belong to one machine; the ratio in the last column survives
another.
"""

from __future__ import annotations

import argparse
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import hiredis
from rich.console import Console
from rich.table import Table

from grader.resp import encode_command
from grader.servers import Server, binaries, standalone

ROUNDS = 7
PAGE = 1000
Ask = Callable[..., Any]


class Connection:
    """A socket to the server that speaks RESP2."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(60)
        self._socket.connect(path)
        self._missing = object()
        self._reader = hiredis.Reader(notEnoughData=self._missing)

    def send(self, *words: str | int) -> None:
        """Send one command and do not wait."""
        self._socket.sendall(encode_command(*words))

    def reply(self) -> object:
        """Wait for the next reply."""
        while (value := self._reader.gets()) is self._missing:
            self._reader.feed(self._socket.recv(1 << 20))
        if isinstance(value, hiredis.ReplyError):
            raise value
        return value

    def ask(self, *words: str | int) -> Any:
        """Send one command and wait for its reply."""
        self.send(*words)
        return self.reply()


@dataclass
class Crossing:
    """Two clients of one server: one works, the other one waits.

    `waits` holds how long the second one waited behind each command of the first, in seconds.
    """

    busy: Connection
    other: Connection
    waits: list[float] = field(default_factory=list)

    def ask(self, *words: str | int) -> Any:
        """Let the busy client send a command; returns its reply."""
        self.busy.send(*words)
        start = time.perf_counter()
        self.other.ask("PING")
        self.waits.append(time.perf_counter() - start)
        return self.busy.reply()


def once(*words: str) -> Callable[[Ask], None]:
    """All in one command."""

    def play(ask: Ask) -> None:
        ask(*words)

    return play


def walk(*words: str) -> Callable[[Ask], None]:
    """A walk with a cursor: `SCAN`, or `HSCAN big` and its relatives."""

    def play(ask: Ask) -> None:
        cursor = None
        while cursor != b"0":
            match = ("MATCH", "nothing:*") if words == ("SCAN",) else ()
            cursor, _ = ask(*words, cursor or 0, *match, "COUNT", PAGE)

    return play


def slices(command: str, elements: int) -> Callable[[Ask], None]:
    """A list or a sorted set, one page of ranks after the other."""

    def play(ask: Ask) -> None:
        for start in range(0, elements, PAGE):
            ask(command, "big", start, start + PAGE - 1)

    return play


def filled(kind: str, elements: int) -> str:
    """A script that fills the key `big`, or the database, with so many elements."""
    line = {
        "keys": "redis.call('SET', 'key:' .. i, i)",
        "set": "redis.call('SADD', 'big', 'member:' .. i)",
        "hash": "redis.call('HSET', 'big', 'field:' .. i, i)",
        "list": "redis.call('RPUSH', 'big', 'element:' .. i)",
        "sorted set": "redis.call('ZADD', 'big', i, 'member:' .. i)",
    }[kind]
    return f"for i = 1, {elements} do {line} end"


def rows(elements: int) -> list[tuple[str, Callable[[Ask], None], str, Callable[[Ask], None], str]]:
    """What to fill, the one command with its name, and the gentle way with its name."""
    return [
        ("keys", once("KEYS", "nothing:*"), "KEYS nothing:*", walk("SCAN"), "SCAN, pages of 1000"),
        ("set", once("SMEMBERS", "big"), "SMEMBERS", walk("SSCAN", "big"), "SSCAN"),
        ("hash", once("HGETALL", "big"), "HGETALL", walk("HSCAN", "big"), "HSCAN"),
        ("list", once("LRANGE", "big", "0", "-1"), "LRANGE 0 -1", slices("LRANGE", elements), "LRANGE, pages"),
        ("sorted set", once("ZRANGE", "big", "0", "-1"), "ZRANGE 0 -1", slices("ZRANGE", elements), "ZRANGE, pages"),
        ("set", once("DEL", "big"), "DEL of a set", once("UNLINK", "big"), "UNLINK"),
        ("keys", once("FLUSHALL"), "FLUSHALL", once("FLUSHALL", "ASYNC"), "FLUSHALL ASYNC"),
    ]


def waits(server: Server, kind: str, play: Callable[[Ask], None], elements: int) -> list[list[float]]:
    """Seconds the other client waited behind each step, round by round."""
    rounds = []
    busy, other = Connection(str(server.socket_path)), Connection(str(server.socket_path))
    kept = False
    for _ in range(ROUNDS):
        if not kept:
            busy.ask("FLUSHALL", "SYNC")
            busy.ask("EVAL", filled(kind, elements), 0)
        crossing = Crossing(busy, other)
        play(crossing.ask)
        rounds.append(crossing.waits)
        kept = busy.ask("DBSIZE") != 0
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--elements", type=int, default=200_000, help="keys, or elements of the one big key")
    elements: int = parser.parse_args().elements
    for binary in binaries():
        table = Table(title=f"Redis {'.'.join(map(str, binary.version))}, {elements:,} elements", title_justify="left")
        for name in ("at once", "others wait, ms", "gently", "others wait, ms", "ratio"):
            table.add_column(name, justify="right" if name in {"others wait, ms", "ratio"} else "left", no_wrap=True)
        with standalone(binary=binary) as server:
            for kind, at_once, name, gently, gentle_name in rows(elements):
                big = median(wait for (wait,) in waits(server, kind, at_once, elements))
                small = max(map(min, zip(*waits(server, kind, gently, elements), strict=False)))
                table.add_row(name, f"{big * 1e3:.1f}", gentle_name, f"{small * 1e3:.2f}", f"{big / small:.0f}")
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
