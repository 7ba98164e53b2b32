"""Whatever commands a stranger sends, they harm one Redis at most, and the next check gets a new one."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from sandbox.conftest import Namespace

from grader.marking.sandbox import REDIS_LIMITS, Sandbox, redis_in_sandbox
from grader.marking.sandbox.limits import MB
from grader.servers import Binary, LocalServer, Server


@pytest.fixture
def server(sandbox: Sandbox, binary: Binary) -> Iterator[LocalServer]:
    """A Redis in a sandbox, of each version; afterwards nothing of it may be left."""
    started = redis_in_sandbox(sandbox, binary)
    namespace = Namespace(started.pid)
    assert namespace.members() == [started.pid]
    home = started.socket_path.parent
    try:
        yield started
    finally:
        started.close()
    assert namespace.members() == []
    namespace.close()
    assert not home.exists()


def _refused(server: Server, *command: str) -> str:
    with server.client() as client, pytest.raises(redis.ResponseError) as error:
        client.execute_command(*command)
    return str(error.value)


def test_it_is_a_server_like_any_other(server: LocalServer) -> None:
    assert isinstance(server, Server)
    client = server.client()
    client.set("key", "value")
    assert client.execute_command("DEBUG", "SLEEP", "0") == "OK"
    server.reset()
    assert server.client().dbsize() == 0
    before = server.pid
    server.restart()
    assert server.pid != before
    server.pause()
    with pytest.raises(redis.TimeoutError):
        server.client(socket_timeout=0.1).ping()
    server.resume()
    assert server.client().ping()


def test_it_runs_as_somebody_who_may_nothing(server: LocalServer) -> None:
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert "0" not in status["Uid"].split()
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    for kind in ("net", "mnt", "pid", "ipc", "uts"):
        assert Path(f"/proc/{server.pid}/ns/{kind}").readlink() != Path(f"/proc/self/ns/{kind}").readlink()


def test_it_cannot_be_told_to_write_elsewhere_or_to_load_code(server: LocalServer, tmp_path: Path) -> None:
    assert "protected" in _refused(server, "CONFIG", "SET", "dir", str(tmp_path))
    assert "protected" in _refused(server, "CONFIG", "SET", "dbfilename", "authorized_keys")
    assert "MODULE" in _refused(server, "MODULE", "LOAD", "/tmp/evil.so").upper()
    assert not Path(f"/proc/{server.pid}/root/etc/shadow").exists()
    assert not Path(f"/proc/{server.pid}/root{__file__}").exists()


def test_another_like_it_reads_a_folder_in_a_sandbox_of_its_own(server: LocalServer, tmp_path: Path) -> None:
    given, elsewhere = tmp_path / "given", tmp_path / "elsewhere.rdb"
    with server.sibling(directory=given) as writer:
        writer.client().set("key", "value")
        writer.client().save()
    elsewhere.write_bytes((given / "dump.rdb").read_bytes())
    with server.sibling(directory=given, maxmemory="9mb") as other:
        assert other.client().get("key") == "value"
        assert other.client().config_get("maxmemory") == {"maxmemory": str(9 * MB)}
        namespaces = {Path(f"/proc/{pid}/ns/pid").readlink() for pid in ("self", server.pid, other.pid)}
        assert len(namespaces) == 3
        seen = Path(f"/proc/{other.pid}/root{tmp_path}")
        assert [path.name for path in seen.iterdir()] == ["given"]
    # A file that is somewhere else is not there for it.
    (given / "dump.rdb").unlink()
    (given / "dump.rdb").symlink_to(elsewhere)
    with server.sibling(directory=given) as misled:
        assert misled.client().dbsize() == 0


def test_it_reaches_nobody(server: LocalServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.5)
        server.client().replicaof("127.0.0.1", str(listener.getsockname()[1]))
        with pytest.raises(TimeoutError):
            listener.accept()
    server.reset()


@pytest.mark.parametrize("command", [["SHUTDOWN", "NOSAVE"], ["DEBUG", "SEGFAULT"]])
def test_one_that_was_ended_is_there_again(server: LocalServer, command: list[str], until: object) -> None:
    with server.client() as client, contextlib.suppress(redis.RedisError):
        client.execute_command(*command)
    server.reset()
    assert server.client().ping()


def test_one_that_a_script_holds_up_for_ever_is_replaced(server: LocalServer) -> None:
    script = "redis.call('set', 'a', 1) while true do end"
    with server.client(socket_timeout=0.3) as client, pytest.raises(redis.TimeoutError):
        client.eval(script, 0)
    before = server.pid
    server.reset()
    assert server.pid != before
    assert server.client().ping()


def test_a_memory_bomb_ends_redis_and_nothing_else(sandbox: Sandbox, newest_binary: Binary) -> None:
    script = "local t = {} for i = 1, 1e7 do t[i] = string.rep('x', 10000) .. i end return #t"
    small = replace(REDIS_LIMITS, memory=100 * MB)
    with contextlib.closing(redis_in_sandbox(sandbox, newest_binary, limits=small)) as server:
        with server.client(socket_timeout=20) as client, pytest.raises(redis.ConnectionError):
            client.eval(script, 0)
        server.reset()
        assert server.client().ping()


def test_it_goes_with_a_grader_that_is_killed(sandbox: Sandbox, until: object) -> None:
    del sandbox
    script = f"""
import sys, time
sys.path[:0] = {sys.path!r}
from grader.marking.sandbox import choose, redis_in_sandbox
server = redis_in_sandbox(choose("bubblewrap"))
print(server.pid, server.socket_path, flush=True)
time.sleep(1000)
"""
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        pid, path = owner.stdout.readline().split()
        namespace = Namespace(int(pid))
        assert namespace.members()
    finally:
        owner.kill()
        owner.communicate()
    until(lambda: not namespace.members())  # type: ignore[operator]
    until(lambda: not Path(path).parent.exists())  # type: ignore[operator]
    namespace.close()


def test_it_lives_on_when_the_thread_that_started_it_has_ended(sandbox: Sandbox) -> None:
    started: list[LocalServer] = []
    thread = threading.Thread(target=lambda: started.append(redis_in_sandbox(sandbox)))
    thread.start()
    thread.join()
    with contextlib.closing(started[0]) as server:
        assert server.client().ping()
        assert os.getpid() != server.pid
