"""What a killed miniredis still has, and what it does with files that end in the middle or are damaged."""

from __future__ import annotations

import random
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from miniredis.commands.table import lookup
from miniredis.config import Config
from miniredis.connection import Client
from miniredis.persistence import rdb, replay
from miniredis.persistence.encodings import BadFile
from miniredis.server import Server

from bench import crash
from grader.resp import encode_command
from grader.servers import StartFailed
from grader.servers.miniredis import MiniServer, miniredis

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
ARRIVED = "appendonlydir/appendonly.aof.1.incr.aof"


@pytest.mark.parametrize("policy", crash.POLICIES)
def test_a_killed_server_loses_nothing_it_has_acknowledged(policy: str, tmp_path: Path) -> None:
    """Killed, not without power: with `everysec` and `no` the kernel has what the disk has not yet."""
    with crash.started(policy, tmp_path, real=False) as server:
        for number in range(10):
            assert crash.crash(server, random.Random(f"{policy} {number}")).problems == []


def test_a_file_cut_anywhere_in_its_end_loads_to_what_was_whole(tmp_path: Path) -> None:
    """At every byte of the last commands: a prefix of the writes, a transaction whole or not at all, and a file that
    ends behind the last whole command."""
    log = b"".join(encode_command(*words) for number in range(1, 9) for words in crash.commands("client", number))
    log = encode_command("SELECT", 0) + log
    path = tmp_path / "log"
    reached = 0
    for length in range(len(log) + 1):
        path.write_bytes(log[:length])
        server = Server(Config())
        server.loading = True
        replay.load(server, path, is_last=True)
        state = state_of(server)
        number = crash.survived(state, 8)
        assert number is not None, (length, state)
        assert number >= reached, length
        reached = number
        assert log[: path.stat().st_size] == path.read_bytes()
        left = path.stat().st_size
        replay.load(Server(Config()), path, is_last=True)
        assert path.stat().st_size == left
    assert reached == 8


def ask(server: Server, *words: str) -> Any:
    """Run a command in a server without sockets; its reply."""
    args = [word.encode() for word in words]
    command = lookup(args)
    assert command is not None
    return command.handler(Client(server, None), args)


def state_of(server: Server) -> dict[str, Any]:
    """What `crash.found` returns, from a server without sockets."""

    def text(value: bytes | None) -> str | None:
        return None if value is None else bytes(value).decode()

    flat = [each.decode() for each in ask(server, "HGETALL", "client:hash")]
    return {
        "list": [each.decode() for each in ask(server, "LRANGE", "client:list", "0", "-1")],
        "string": text(ask(server, "GET", "client:string")),
        "a": text(ask(server, "GET", "client:a")),
        "b": text(ask(server, "GET", "client:b")),
        "hash": dict(zip(flat[::2], flat[1::2], strict=True)),
    }


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An append-only file of three writes, as a killed server leaves it."""
    with miniredis(SOLUTIONS, directory=tmp_path, appendonly=True) as server:
        client = server.client()
        client.set("a", "1")
        client.set("b", "2")
        client.set("c", "3")
        server.kill()
    return tmp_path / ARRIVED


def test_a_file_without_its_end_is_repaired_and_written_on(log: Path, tmp_path: Path) -> None:
    log.write_bytes(log.read_bytes()[:-3])
    with miniredis(SOLUTIONS, directory=tmp_path, appendonly=True) as server:
        client = server.client()
        assert sorted(client.keys()) == ["a", "b"]
        assert "short read while loading the AOF file" in server.log()
        client.set("d", "4")
        server.kill()
        server.restart()
        assert sorted(client.keys()) == ["a", "b", "d"]


def test_a_file_without_its_end_can_be_refused(log: Path, tmp_path: Path) -> None:
    log.write_bytes(log.read_bytes()[:-3])
    with pytest.raises(StartFailed, match="Unexpected end of file reading the append only file"):
        MiniServer(SOLUTIONS, directory=tmp_path, config={"appendonly": True, "aof-load-truncated": False})


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda data: data.replace(b"$1\r\nb", b"#1\r\nb"), "Bad file format reading the append only file"),
        (lambda data: data.replace(b"SET\r\n$1\r\nb", b"SAT\r\n$1\r\nb"), "Unknown command 'SAT' reading"),
        (lambda data: b"hello" + data, "Bad file format reading the append only file"),
    ],
)
def test_a_file_that_is_wrong_in_the_middle_keeps_the_server_from_starting(
    log: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], complaint: str
) -> None:
    """And the file stays as it is, for a person to look at."""
    spoiled = spoil(log.read_bytes())
    log.write_bytes(spoiled)
    with pytest.raises(StartFailed, match=complaint):
        MiniServer(SOLUTIONS, directory=tmp_path, config={"appendonly": True})
    assert log.read_bytes() == spoiled


def test_a_missing_part_keeps_the_server_from_starting(log: Path, tmp_path: Path) -> None:
    log.unlink()
    with pytest.raises(StartFailed, match="doesn't exist"):
        MiniServer(SOLUTIONS, directory=tmp_path, config={"appendonly": True})


def test_a_snapshot_with_one_wrong_byte_is_refused(tmp_path: Path) -> None:
    with miniredis(SOLUTIONS, directory=tmp_path) as server:
        server.client().rpush("list", *range(100))
        assert server.client().save()
    data = (tmp_path / "dump.rdb").read_bytes()
    for place in range(9, len(data)):
        with pytest.raises(BadFile):
            rdb.load(Server(Config()), data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    for length in range(len(data)):
        with pytest.raises(BadFile):
            rdb.load(Server(Config()), data[:length])


def test_the_single_file_of_older_versions_becomes_the_base(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_bytes(encode_command("SELECT", 0) + encode_command("SET", "old", "file"))
    with miniredis(SOLUTIONS, directory=tmp_path, appendonly=True) as server:
        assert server.client().get("old") == "file"
    assert not (tmp_path / "appendonly.aof").exists()


def test_the_log_can_be_switched_on_and_off_while_the_server_runs(tmp_path: Path, until: Any) -> None:
    with miniredis(SOLUTIONS, directory=tmp_path) as server:
        client = server.client()
        client.set("before", "1")
        client.config_set("appendonly", "yes")
        client.set("after", "2")
        until(lambda: (tmp_path / "appendonlydir" / "appendonly.aof.manifest").exists())
        server.kill()
    with miniredis(SOLUTIONS, directory=tmp_path, appendonly=True) as server:
        client = server.client()
        assert sorted(client.keys()) == ["after", "before"]
        client.config_set("appendonly", "no")
        client.set("unlogged", "3")
        manifest = tmp_path / "appendonlydir" / "appendonly.aof.manifest"
        before = manifest.read_bytes()
        client.config_set("appendonly", "yes")
        until(lambda: manifest.read_bytes() != before)
        server.kill()
        server.restart()
        assert sorted(client.keys()) == ["after", "before", "unlogged"]


def limit_files(pid: int, size: int) -> None:
    """Let a process write files of no more than `size` bytes: as if the disk were full."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


def test_a_full_disk_refuses_writes_and_loses_nothing(tmp_path: Path, until: Any) -> None:
    """What was acknowledged before the failure was noticed is kept, and written when there is room again."""
    with miniredis(SOLUTIONS, directory=tmp_path, appendonly=True, appendfsync="no") as server:
        client = server.client()
        assert server.pid is not None
        limit_files(server.pid, 2000)
        written = 0
        with pytest.raises(redis.ResponseError, match="MISCONF Errors writing to the AOF file: File too large"):
            for number in range(100):
                client.rpush("list", "x" * 90)
                written = number + 1
        assert client.llen("list") == written
        with pytest.raises(redis.ResponseError, match="MISCONF"):
            client.ping()
        limit_files(server.pid, resource.RLIM_INFINITY)
        until(lambda: _writes(client))
        server.kill()
        server.restart()
        assert client.llen("list") == written + 1


def _writes(client: redis.Redis) -> bool:
    try:
        client.rpush("list", "y")
    except redis.ResponseError:
        return False
    return True


def test_a_full_disk_ends_a_server_that_has_promised_always(tmp_path: Path) -> None:
    """It cannot keep its word, so it does not answer; what it has answered is there."""
    with miniredis(SOLUTIONS, directory=tmp_path, appendonly=True, appendfsync="always") as server:
        client = server.client()
        assert server.pid is not None
        limit_files(server.pid, 2000)
        acknowledged = 0
        with pytest.raises(redis.ConnectionError):
            for number in range(100):
                client.rpush("list", "x" * 90)
                acknowledged = number + 1
        assert 0 < acknowledged < 100
        server.restart()
        assert client.llen("list") == acknowledged


def test_a_snapshot_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, until: Any) -> None:
    with miniredis(SOLUTIONS, directory=tmp_path, save="3600 1000000") as server:
        client = server.client()
        client.set("kept", "1")
        assert client.save()
        client.set("long", "x" * 100_000)
        assert server.pid is not None
        limit_files(server.pid, 2000)
        with pytest.raises(redis.ResponseError):
            client.save()
        client.bgsave()
        until(lambda: not _writes(client))
        with pytest.raises(redis.ResponseError, match="MISCONF Redis is configured to save RDB snapshots"):
            client.set("refused", "1")
        server.kill()
        server.restart()
        assert client.keys() == ["kept"]
        assert [path.name for path in tmp_path.glob("temp-*")] == []


@pytest.mark.parametrize("points", ["", "3600 1"])
def test_sigterm_saves_what_the_save_points_ask_for(tmp_path: Path, points: str) -> None:
    with miniredis(SOLUTIONS, directory=tmp_path, save=points) as server:
        server.client().set("a", "1")
        server.stop()
        assert server.status == 0
    assert (tmp_path / "dump.rdb").exists() == bool(points)
