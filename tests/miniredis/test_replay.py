"""What is logged makes the same keys again: every script that any stage draws, run, logged, and loaded by another."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from miniredis import commands
from miniredis.config import Config
from miniredis.connection import Client
from miniredis.server import Server
from miniredis.values import Hash, List, Set, SortedSet, Stream, Value

from grader.checks.agreement.script import Script, Scripts
from grader.checks.stages.registry import checked_slugs, checks_of

assert commands.__all__
# These end the server or the connection, or concern others than keys.
NOT_HERE = {"SHUTDOWN", "CONFIG", "DEBUG", "MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "QUIT", "BGSAVE", "SAVE"}
NOT_HERE |= {"BGREWRITEAOF", "CLIENT", "INFO"}
SCRIPTS = 5


def drawn(made: Scripts | SearchStrategy[Script]) -> list[Script]:
    """Some scripts of a generator."""
    found: list[Script] = []

    @settings(
        max_examples=SCRIPTS,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(made.strategy() if isinstance(made, Scripts) else made)
    def keep(script: Script) -> None:
        found.append(script)

    keep()
    return found


@contextmanager
def logging_server(folder: Path) -> Iterator[Server]:
    """A server without sockets that writes an append-only file."""
    config = Config()
    for name, text in (("dir", str(folder)), ("appendonly", "yes"), ("appendfsync", "no")):
        config.put(name, text)
    server = Server(config)
    server.load()
    with closing(server.aof):
        yield server


def run(server: Server, script: Script) -> None:
    """Run a script with clients that have no socket: what would wait does not."""
    clients = [Client(server, None) for _ in range(script.connections)]
    for step in script:
        if step.args and step.name not in NOT_HERE and not step.raw:
            server.process(clients[step.connection], [bytes(arg) for arg in step.args])


def everything(server: Server) -> dict[tuple[int, bytes], Any]:
    """All keys of all databases with their ends, in a form that does not depend on the order of insertion."""
    return {
        (database.index, key): (database.expires_at(key), plain(value))
        for database in server.databases
        for key, value in database.keys.items()
        if database.peek(key) is not None
    }


def plain(value: Value) -> Any:
    """What a value holds."""
    if isinstance(value, Set):
        return "set", sorted(value)
    if isinstance(value, Hash):
        # A field that ends in this second may have ended when the file is loaded.
        soon = time.time() * 1000 + 1000
        gone = {field for field, end in value.ends.items() if end < soon}
        return "hash", sorted(pair for pair in value.items() if pair[0] not in gone), sorted(value.ends.keys() - gone)
    if isinstance(value, (List, SortedSet)):
        return type(value).__name__, list(value)
    if isinstance(value, Stream):
        groups = {
            name: (group.last_id, sorted(group.consumers), [(id, each.consumer.name) for id, each in group.pending])
            for name, group in value.groups.items()
        }
        return "stream", [(id, list(f)) for id, f in value], value.last_id, value.max_deleted_id, groups
    return "string", bytes(value)


@pytest.mark.parametrize("slug", checked_slugs())
def test_the_log_of_a_stages_scripts_makes_the_same_keys(slug: str, tmp_path: Path) -> None:
    for number, generated in enumerate(checks_of(slug).generators):
        for script in drawn(generated.make()):
            folder = tmp_path / str(number)
            folder.mkdir()
            with logging_server(folder) as server:
                run(server, script)
                server.aof.flush()
                with logging_server(folder) as loaded:
                    loaded.now = server.now
                    assert everything(loaded) == everything(server), f"\n{script}\n{log(folder)}"
            shutil.rmtree(folder)


def log(folder: Path) -> str:
    """The file, to look at."""
    return b"".join(path.read_bytes() for path in folder.glob("appendonlydir/*.incr.aof")).decode("latin-1")
