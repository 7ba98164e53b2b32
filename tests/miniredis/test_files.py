"""Files move between miniredis and real Redis both ways: snapshots, append-only files, single dumped values."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from available import lacking
from keyspace import contents, fill
from miniredis import commands
from miniredis.commands.table import COMMANDS
from miniredis.persistence import rdb
from miniredis.values import Hash

from grader.servers import Binary, at_least, standalone
from grader.servers.miniredis import miniredis

assert commands.__all__
SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"


@contextmanager
def ours(folder: Path, **config: Any) -> Iterator[redis.Redis]:
    """A client of miniredis in a folder."""
    with miniredis(SOLUTIONS, directory=folder, **config) as server:
        yield server.client(decode_responses=False)


@contextmanager
def theirs(binary: Binary, folder: Path, **config: Any) -> Iterator[redis.Redis]:
    """A client of a real Redis in a folder."""
    with standalone(binary=binary, directory=folder, **config) as server:
        yield server.client(decode_responses=False)


def has_field_ends(binary: Binary) -> bool:
    """Whether hash fields can have an end on both sides: since Redis 7.4, and here once its commands are built."""
    return at_least(binary.version, "7.4") and b"HPEXPIREAT" in COMMANDS


def test_redis_reads_our_snapshot(binary: Binary, tmp_path: Path) -> None:
    with ours(tmp_path) as client:
        fill(client, has_field_ends(binary))
        client.select(5)
        client.set("elsewhere", "5")
        assert client.save()
        client.select(0)
        expected = contents(client)
    with theirs(binary, tmp_path) as client:
        assert contents(client) == expected
        client.select(5)
        assert client.get("elsewhere") == b"5"


def test_we_read_the_snapshot_of_redis(binary: Binary, tmp_path: Path) -> None:
    with theirs(binary, tmp_path) as client:
        fill(client, has_field_ends(binary))
        assert client.save()
        expected = contents(client)
    with ours(tmp_path) as client:
        assert contents(client) == expected


def test_redis_reads_our_append_only_file(binary: Binary, tmp_path: Path) -> None:
    with ours(tmp_path, appendonly=True) as client:
        fill(client, has_field_ends(binary))
        expected = contents(client)
    with theirs(binary, tmp_path, appendonly=True) as client:
        assert contents(client) == expected


def test_we_read_the_append_only_file_of_redis(binary: Binary, tmp_path: Path) -> None:
    with theirs(binary, tmp_path, appendonly=True) as client:
        fill(client, has_field_ends(binary))
        expected = contents(client)
    with ours(tmp_path, appendonly=True) as client:
        assert contents(client) == expected


def test_a_rewritten_append_only_file_can_be_read_by_both(binary: Binary, tmp_path: Path) -> None:
    with ours(tmp_path, appendonly=True) as client:
        fill(client, has_field_ends(binary))
        assert client.bgrewriteaof()
        client.set("while it is rewritten", "1")
        expected = contents(client)
    with theirs(binary, tmp_path, appendonly=True) as client:
        assert contents(client) == expected
        client.bgrewriteaof()
        client.set("and once more", "1")
        expected = contents(client)
    with ours(tmp_path, appendonly=True) as client:
        assert contents(client) == expected


def test_dumped_values_can_be_restored_on_the_other_side(binary: Binary, tmp_path: Path) -> None:
    """Both ways, every key of every type."""
    with ours(tmp_path / "ours") as client, theirs(binary, tmp_path / "theirs") as real:
        fill(client, has_field_ends(binary))
        fill(real, has_field_ends(binary))
        _carry(client, real)
        _carry(real, client)


def test_ends_of_hash_fields_go_through_a_dumped_value(redis_8: Binary, tmp_path: Path) -> None:
    """In a listpack, and in a hash table: read from Redis, written by us, read by Redis."""
    with theirs(redis_8, tmp_path) as client:
        fill(client, field_ends=True)
        for key, count in ((b"hash:ends", 2), (b"hash:large-ends", 2)):
            expected = contents(client)[key]
            dumped = client.dump(key)
            assert dumped is not None
            value = rdb.undump(dumped)
            assert isinstance(value, Hash)
            assert len(value.ends) == count
            assert client.restore(key, 0, rdb.dump(value), replace=True)
            assert contents(client)[key] == expected


def _carry(source: redis.Redis, target: redis.Redis) -> None:
    expected = contents(source)
    target.select(1)
    for key, (_, end, _) in expected.items():
        dumped = source.dump(key)
        assert dumped is not None
        assert target.restore(key, max(end, 0), dumped, absttl=True)
    found = contents(target)
    target.select(0)
    assert found == expected


def test_the_tools_of_redis_find_nothing_wrong_with_our_files(tmp_path: Path) -> None:
    if shutil.which("redis-check-aof") is None or shutil.which("redis-check-rdb") is None:
        lacking("redis7.0", "redis-check-aof and redis-check-rdb are not installed")
    with ours(tmp_path, appendonly=True) as client:
        fill(client)
        assert client.save()
    for command in (
        ["redis-check-rdb", str(tmp_path / "dump.rdb")],
        ["redis-check-aof", str(tmp_path / "appendonlydir" / "appendonly.aof.manifest")],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu"])
def test_a_snapshot_remembers_how_keys_were_used(binary: Binary, tmp_path: Path, policy: str) -> None:
    question = "IDLETIME" if policy.endswith("lru") else "FREQ"
    extra = ["IDLETIME", 500] if policy.endswith("lru") else ["FREQ", 77]
    with ours(tmp_path, maxmemory_policy=policy) as client:
        client.set("key", "value")
        dumped = client.dump("key")
        assert client.execute_command("RESTORE", "used", 0, dumped, *extra)
        assert client.save()
    with theirs(binary, tmp_path, maxmemory_policy=policy) as client:
        expected = client.execute_command("OBJECT", question, "used")
        assert abs(expected - extra[1]) <= 10
        assert client.save()
    with ours(tmp_path, maxmemory_policy=policy) as client:
        assert abs(client.execute_command("OBJECT", question, "used") - expected) <= 10
