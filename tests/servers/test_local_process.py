"""A local server: quick to be there, and gone with its owner however the owner goes."""

import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from servers.owners import Owner, gone

from grader.servers import Binary, NoRedisFound, NotOurs, StartFailed, standalone

OWNER = """
import os, sys
from grader.servers import standalone
with standalone() as server:
    print(server.pid, flush=True)
    {body}
"""


def test_it_listens_on_a_unix_socket_only_unless_a_port_is_asked_for(binary: Binary) -> None:
    with standalone(binary=binary) as server:
        assert server.url == f"unix://{server.socket_path}"
        assert server.port is None
        assert server.client().config_get("port") == {"port": "0"}


def test_a_port_is_on_the_loopback_interface_only(binary: Binary) -> None:
    with standalone(binary=binary, port=0) as server:
        assert server.client().config_get("bind") == {"bind": "127.0.0.1"}
        assert server.client().client_info()["laddr"] == f"127.0.0.1:{server.port}"


def test_python_values_become_words_of_redis_conf(binary: Binary) -> None:
    options = {
        "appendonly": True,
        "lazyfree_lazy_expire": False,
        "hz": 20,
        "save": [60, 1],
        "client_output_buffer_limit": "pubsub 1mb 1mb 5",
        "enable_debug_command": "local",
    }
    with standalone(binary=binary, **options) as server:
        client = server.client()
        assert client.config_get("appendonly")["appendonly"] == "yes"
        assert client.config_get("lazyfree-lazy-expire")["lazyfree-lazy-expire"] == "no"
        assert client.config_get("hz")["hz"] == "20"
        assert client.config_get("save")["save"] == "60 1"
        assert "pubsub 1048576 1048576 5" in client.config_get("client-output*")["client-output-buffer-limit"]
        assert client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "1") == "OK"


def test_a_server_is_ready_in_well_under_a_second(binary: Binary, capsys: pytest.CaptureFixture[str]) -> None:
    ready, stopped, reset = [], [], []
    for _ in range(15):
        begun = time.perf_counter()
        with standalone(binary=binary) as server:
            ready.append(time.perf_counter() - begun)
            server.client().set("key", "value")
            begun = time.perf_counter()
            server.reset()
            reset.append(time.perf_counter() - begun)
            begun = time.perf_counter()
        stopped.append(time.perf_counter() - begun)
    medians = [f"{statistics.median(each) * 1000:.1f} ms" for each in (ready, reset, stopped)]
    with capsys.disabled():
        print(f"\n{binary}: ready {medians[0]}, reset {medians[1]}, gone {medians[2]} (medians of 15)")
    assert statistics.median(ready) < 1.0


def test_nothing_is_left_after_the_block(temp: Path, binary: Binary) -> None:
    with standalone(binary=binary) as server:
        pid = server.pid
        assert pid
        assert list(temp.iterdir()) == [server.directory]
    assert gone(pid)
    assert not list(temp.iterdir())


def test_nothing_is_left_after_an_exception(temp: Path, newest_binary: Binary) -> None:
    pid = None
    with pytest.raises(ZeroDivisionError), standalone(binary=newest_binary) as server:
        pid = server.pid
        _ = 1 / 0
    assert pid
    assert gone(pid)
    assert not list(temp.iterdir())


def test_a_background_save_does_not_outlive_a_kill(newest_binary: Binary, until: Callable[..., None]) -> None:
    # 20 ms for each key keep the saving child alive for minutes.
    with standalone(binary=newest_binary, rdb_key_save_delay=20_000) as server:
        client = server.client()
        client.mset({f"key:{number}": number for number in range(5000)})
        client.bgsave()
        children = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True)
        server.kill()
        for child in map(int, children.stdout.split()):
            until(lambda child=child: gone(child))


@pytest.mark.parametrize("body", ["sys.stdin.read()", "server.pause(); print('paused', flush=True); sys.stdin.read()"])
def test_nothing_is_left_when_the_owner_is_killed(
    temp: Path, owner: Callable[..., Owner], until: Callable[..., None], body: str
) -> None:
    process = owner(OWNER.format(body=body), TMPDIR=temp)
    assert not gone(process.redis)
    process.process.kill()
    until(lambda: gone(process.redis))
    until(lambda: not list(temp.iterdir()))


def test_nothing_is_left_when_the_owner_is_killed_after_redis_died(
    temp: Path, owner: Callable[..., Owner], until: Callable[..., None]
) -> None:
    process = owner(OWNER.format(body="server.kill(); print('dead', flush=True); sys.stdin.read()"), TMPDIR=temp)
    assert process.process.stdout is not None
    assert process.process.stdout.readline() == "dead\n"
    assert list(temp.iterdir())
    process.process.kill()
    until(lambda: not list(temp.iterdir()))


def test_nothing_is_left_when_the_owner_is_killed_at_any_moment_of_the_start(
    temp: Path, owner: Callable[..., Owner], until: Callable[..., None]
) -> None:
    script = "import os; print(os.getpid(), flush=True)\nfrom grader.servers import standalone\n"
    forever = "while True:\n    with standalone(): print('up', flush=True)\n"
    for attempt in range(12):
        process = owner(script + forever, TMPDIR=temp)
        assert process.process.stdout is not None
        for _ in range(1 + attempt % 3):
            process.process.stdout.readline()
        # A server starts and ends in about 6 ms; the sweep lands in each part of it.
        moment = time.perf_counter() + attempt / 2000
        while time.perf_counter() < moment:
            pass
        process.process.kill()
        until(lambda: not list(temp.iterdir()))
    folders = subprocess.run(["ps", "-axo", "args="], capture_output=True, text=True, check=True).stdout
    assert str(temp) not in folders


def test_ctrl_c_reaches_the_owner_first_and_then_nothing_is_left(
    temp: Path, owner: Callable[..., Owner], until: Callable[..., None]
) -> None:
    body = """
    try:
        print("waiting", flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print("still there:", server.client().ping(), flush=True)
        raise
    """
    process = owner(OWNER.format(body=body.strip()), TMPDIR=temp)
    assert process.process.stdout is not None
    assert process.process.stdout.readline() == "waiting\n"
    process.signal_group(signal.SIGINT)
    said, errors = process.end()
    assert said == "still there: True\n"
    assert "KeyboardInterrupt" in errors
    assert gone(process.redis)
    assert not list(temp.iterdir())


def test_two_servers_do_not_keep_each_other_alive(
    temp: Path, owner: Callable[..., Owner], until: Callable[..., None]
) -> None:
    script = """
import sys
from grader.servers import LocalServer
first, second = LocalServer(), LocalServer()
print(first.pid, flush=True)
first.close()
print(first.directory.exists(), second.client().ping(), second.pid, flush=True)
sys.stdin.read()
"""
    process = owner(script, TMPDIR=temp)
    assert process.process.stdout is not None
    folder, pong, pid = process.process.stdout.readline().split()
    assert (folder, pong) == ("False", "True")
    assert gone(process.redis)
    process.process.kill()
    until(lambda: gone(int(pid)))
    until(lambda: not list(temp.iterdir()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no os.fork() here")
class TestForkedChildren:
    """A server belongs to the process that started it, not to the children that process forks."""

    def test_the_end_of_a_child_leaves_the_server_alone(self, owner: Callable[..., Owner]) -> None:
        body = """
    if os.fork() == 0:
        sys.exit(0)  # leaves the with block, in the child
    status = os.wait()[1]
    print(status, server.client().ping(), server.directory.exists())
    """
        assert owner(OWNER.format(body=body.strip())).end()[0] == "0 True True\n"

    def test_a_child_that_lives_on_does_not_keep_the_server(
        self, temp: Path, owner: Callable[..., Owner], until: Callable[..., None]
    ) -> None:
        body = """
    import time
    child = os.fork()
    if child == 0:
        while True: time.sleep(60)
    print(child, flush=True)
    sys.stdin.read()
    """
        process = owner(OWNER.format(body=body.strip()), TMPDIR=temp)
        assert process.process.stdout is not None
        child = int(process.process.stdout.readline())
        try:
            process.process.kill()
            until(lambda: gone(process.redis))
            until(lambda: not list(temp.iterdir()))
            assert not gone(child)
        finally:
            os.kill(child, signal.SIGKILL)

    def test_a_child_may_use_it_and_not_end_it(self, newest_binary: Binary) -> None:
        with standalone(binary=newest_binary) as server:
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                try:
                    server.client().set("from", "child")
                    server.kill()
                except NotOurs:
                    os.write(write, b"refused")
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
            os.close(write)
            assert os.read(read, 100) == b"refused"
            os.close(read)
            assert server.client().get("from") == "child"


def test_a_keeper_that_somebody_killed_is_replaced(
    temp: Path, owner: Callable[..., Owner], until: Callable[..., None]
) -> None:
    body = """
    os.kill(server._keeper._watch._process.pid, 9)
    server.restart()
    print(server.pid, flush=True)
    sys.stdin.read()
    """
    process = owner(OWNER.format(body=body.strip()), TMPDIR=temp)
    assert process.process.stdout is not None
    pid = int(process.process.stdout.readline())
    process.process.kill()
    until(lambda: gone(pid))
    until(lambda: not list(temp.iterdir()))


def test_a_keeper_that_is_asked_to_end_stays_until_its_owner_is_gone(
    temp: Path, owner: Callable[..., Owner], until: Callable[..., None]
) -> None:
    body = """
    for word in (1, 2, 3, 15):
        os.kill(server._keeper._watch._process.pid, word)
    print("asked", flush=True)
    sys.stdin.read()
    """
    process = owner(OWNER.format(body=body.strip()), TMPDIR=temp)
    assert process.process.stdout is not None
    assert process.process.stdout.readline() == "asked\n"
    process.process.kill()
    until(lambda: gone(process.redis))
    until(lambda: not list(temp.iterdir()))


def test_a_server_that_was_shut_down_is_seen_to_be_down(newest_binary: Binary, until: Callable[..., None]) -> None:
    with standalone(binary=newest_binary) as server:
        server.client().shutdown(nosave=True)
        until(lambda: server.pid is None)
        assert not server.running
        server.restart()
        assert server.client().ping()


def test_a_folder_of_the_callers_is_used_and_kept(tmp_path: Path, newest_binary: Binary) -> None:
    data = tmp_path / "data"
    with standalone(binary=newest_binary, directory=data, appendonly=True) as server:
        server.client().set("key", "value")
    assert (data / "appendonlydir").is_dir()
    with standalone(binary=newest_binary, directory=data, appendonly=True) as server:
        assert server.client().get("key") == "value"
        server.kill()
        server.reset()
        assert server.client().dbsize() == 0


def test_a_missing_or_unknown_option_is_named(binary: Binary) -> None:
    with pytest.raises(StartFailed, match="no-such-option") as failure, standalone(binary=binary, no_such_option=1):
        pass
    assert "Correct the option" in failure.value.advice


def test_a_binary_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with pytest.raises(NoRedisFound, match="No such file"), standalone(binary=tmp_path / "redis-server"):
        pass


def test_a_temporary_folder_that_cannot_be_used_is_named(
    newest_binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    with pytest.raises(StartFailed, match="/nowhere/redis-") as failure, standalone(binary=newest_binary):
        pass
    assert "TMPDIR" in failure.value.advice


def test_a_long_temporary_folder_is_avoided_because_of_the_socket(
    tmp_path: Path, newest_binary: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with standalone(binary=newest_binary) as server:
        assert server.client().ping()
    assert not list(long.iterdir())


@pytest.fixture
def small_disk(temp: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 64 kB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "small", str(temp)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    # Left to itself, Python would look for another folder as soon as this one is full.
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    yield temp
    subprocess.run(["umount", "--lazy", str(temp)], check=True)


class TestFullDisk:
    """A full disk is said to be full, and nothing is left on it."""

    def test_before_the_start(self, small_disk: Path, binary: Binary) -> None:
        full = small_disk / "full"
        with full.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(4096))
        with pytest.raises(StartFailed) as failure, standalone(binary=binary, appendonly=True):
            pass
        assert "No space left" in str(failure.value)
        assert "TMPDIR" in failure.value.advice
        assert list(small_disk.iterdir()) == [full]

    def test_while_it_runs(self, small_disk: Path, binary: Binary) -> None:
        with standalone(binary=binary, appendonly=True, appendfsync="always") as server:
            client = server.client()
            with pytest.raises(redis.RedisError):
                for number in range(100):
                    client.set(f"key:{number}", "x" * 4096)
            if server.running:
                assert "No space left" in server.log() or "Short write" in server.log()
        assert not list(small_disk.iterdir())
