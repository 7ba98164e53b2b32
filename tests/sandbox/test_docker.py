"""A container holds a submission as bubblewrap does, more slowly."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from available import lacking
from sandbox.conftest import INSIDE, TIGHT, Start, begin, starter

from grader.marking.sandbox import Sandbox, SandboxMissing, WarmWorkers, choose


@pytest.fixture(scope="module")
def docker() -> Sandbox:
    """A Docker engine that runs containers."""
    try:
        return choose("docker")
    except SandboxMissing as missing:
        lacking("docker", str(missing))


@pytest.fixture
def start(docker: Sandbox) -> Iterator[Start]:
    """`start(code)` in a container with tight limits."""
    with starter(lambda channel: begin(docker, None, channel)) as starts:
        yield starts


pytestmark = pytest.mark.docker


def test_it_sees_nothing_and_reaches_nobody(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        attack = start(f"""
            import ctypes, os, socket
            tell(sorted(os.listdir("/proc/self/fd")))
            tell([attempt(open, path) for path in ("/etc/shadow", {__file__!r}, "/var/run/docker.sock")])
            tell(attempt(__import__, "grader.checks"))
            tell(attempt(socket.create_connection, ("127.0.0.1", {port}), 2))
            tell(attempt(socket.create_connection, ("192.0.2.1", 80), 2))
            tell([attempt(os.mkdir, place + "/x") for place in ("/", "/usr/lib", "/attacks", "/etc")])
            tell([attempt(os.mkdir, place + "/x") for place in ("/tmp", "/home/learner", "/dev/shm")])
            tell([os.getuid() == 0, attempt(os.setuid, 0), attempt(os.kill, 1, 9), attempt(open, "/proc/1/mem")])
            tell(sorted(int(each) for each in os.listdir("/proc") if each.isdigit())[:1])
            libc = ctypes.CDLL(None, use_errno=True)
            tell([libc.unshare(0x10000000), libc.ptrace(0, 0, 0, 0)])
        """)
        assert attack.told() == ["0", "1", "2", "3", "4"]
        assert set(attack.told()) == {"ENOENT"}
        assert attack.told() == "ModuleNotFoundError"
        assert attack.told() == "ECONNREFUSED"
        assert attack.told() == "ENETUNREACH"
        assert set(attack.told()) <= {"EROFS", "EACCES"}
        assert attack.told() == ["done"] * 3
        assert attack.told() == [False, "EPERM", "done", "EACCES"]  # process 1 does not hear signals from inside
        assert attack.told() == [1]
        assert attack.told() == [-1, -1]
        assert attack.held.ended(20).status == 0


def test_its_limits_hold(start: Start) -> None:
    attack = start("""
        import os, time
        tell(attempt(lambda: bytearray(10 * 2**30)))
        def fill():
            for number in range(50):
                open(f"/tmp/{number}", "wb").write(bytes(2**19))
        tell(attempt(fill))
        tell(attempt(lambda: [os.mkdir(f"/home/learner/{number}") for number in range(1000)]))
        forked = 0
        def bomb():
            global forked
            while True:
                if os.fork() == 0:
                    time.sleep(100)
                forked += 1
        tell(attempt(bomb))
        tell(forked)
    """)
    assert attack.told() == "MemoryError"
    assert attack.told() == "ENOSPC"
    assert attack.told() == "ENOSPC"
    assert attack.told() == "EAGAIN"
    assert attack.told() <= TIGHT.processes
    assert attack.held.ended(20).reason == "exit"


def test_memory_is_bounded_in_total(start: Start) -> None:
    ended = start("""
        import mmap
        kept = [mmap.mmap(-1, 2**20) for _ in range(200)]
        for each in kept:
            each.write(bytes(2**20))
    """).held.ended(30)
    assert ended.reason == "memory"


def test_endless_output_is_cut(start: Start) -> None:
    began = time.monotonic()
    attack = start("while True: print('x' * 1000)")
    assert attack.held.ended(30).reason == "output"
    assert time.monotonic() - began < 25


def test_an_endless_loop_ends_with_its_processor_time(start: Start) -> None:
    ended = start("while True: pass").held.ended(19)
    assert (ended.reason, ended.status) == ("cpu", -signal.SIGXCPU)


def test_nothing_is_left_when_the_grader_is_killed(docker: Sandbox, until: Callable[..., None]) -> None:
    del docker
    script = f"""
import socket, sys, time
sys.path[:0] = {sys.path!r}
from sandbox.conftest import begin
from grader.marking.sandbox import choose
mine, theirs = socket.socketpair()
held = begin(choose("docker"), None, theirs)
theirs.close()
mine.sendall(b"import time; tell('up'); time.sleep(1000)\\0")
assert mine.recv(10)
print(held._cage._name, flush=True)
time.sleep(1000)
"""
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        name = owner.stdout.readline().strip()
        assert name in _containers()
    finally:
        owner.kill()
        owner.communicate()
    until(lambda: name not in _containers(), 20)


def _containers() -> list[str]:
    listed = subprocess.run(
        ["docker", "ps", "--all", "--format", "{{.Names}}"], capture_output=True, text=True, check=True
    )
    return listed.stdout.split()


def test_workers_start_cold_and_are_told_so(docker: Sandbox) -> None:
    with WarmWorkers(docker, TIGHT, {INSIDE: "/attacks"}, entry="attacker:main", path=["/attacks"]) as workers:
        assert not workers.warm
        assert "cold" in workers.words
        with starter(workers.start) as start:
            assert start("tell('here')").told() == "here"
