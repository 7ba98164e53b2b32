"""A submission that wants all of the machine gets what its limits say, and the machine goes on."""

import resource
import signal
import socket
import time
from collections.abc import Callable

from available import lacking
from sandbox.conftest import TIGHT, Start, begin, starter

from grader.marking.sandbox import Limits, Sandbox
from grader.marking.sandbox.bubblewrap import Bubblewrap


def test_a_fork_bomb_stays_small_and_can_be_ended(start: Start, until: Callable[..., None]) -> None:
    bomb = start("""
        import os
        tell("lit")
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """)
    assert bomb.told() == "lit"
    until(lambda: len(bomb.members()) >= TIGHT.processes // 2)
    most = max(len(bomb.members()) for _ in range(20))
    assert most <= TIGHT.processes
    began = time.monotonic()
    bomb.held.kill()
    assert time.monotonic() - began < 5
    assert bomb.members() == []


def test_more_memory_than_allowed_is_an_error_of_python_in_one_process(start: Start) -> None:
    attack = start("tell(attempt(lambda: bytearray(10 * 2**30)))")
    assert attack.told() == "MemoryError"
    assert attack.held.ended(10).reason == "exit"


def test_memory_is_bounded_for_many_processes_together(start: Start, sandbox: Sandbox) -> None:
    if not (isinstance(sandbox, Bubblewrap) and sandbox.grouped):
        lacking("cgroups", sandbox.words)
    attack = start("""
        import os, time
        for _ in range(20):
            if os.fork() == 0:
                kept = bytearray(16 * 2**20)
                time.sleep(60)
        time.sleep(60)
    """)
    # 20 times 16 MB do not fit into 128 MB; the kernel ends some of them, and soon there is nobody to wait for.
    deadline = time.monotonic() + 10
    while not _ran_out(attack.held) and time.monotonic() < deadline:
        time.sleep(0.005)
    attack.held.kill()
    assert _ran_out(attack.held)


def _ran_out(held: object) -> bool:
    cage = held._cage  # type: ignore[attr-defined]
    group = cage._group
    return bool(cage.memory_ran_out() or group.memory_ran_out())


def test_a_worker_that_the_bound_on_memory_ended_is_told_so(start: Start, sandbox: Sandbox) -> None:
    if not (isinstance(sandbox, Bubblewrap) and sandbox.grouped):
        lacking("cgroups", sandbox.words)
    attack = start("""
        import mmap
        # Shared pages count for the group; the address space would still allow them.
        kept = [mmap.mmap(-1, 2**20) for _ in range(200)]
        for each in kept:
            each.write(bytes(2**20))
        tell("all of it")
    """)
    assert attack.told() is None
    ended = attack.held.ended(10)
    assert ended.reason == "memory"
    assert "128 MB" in ended.sentence


def test_an_endless_loop_ends_with_its_processor_time(start: Start) -> None:
    ended = start("while True: pass").held.ended(15)
    assert ended.reason == "cpu"
    assert ended.status == -signal.SIGXCPU


def test_an_endless_loop_that_hears_no_signal_ends_too(start: Start) -> None:
    ended = start("""
        import signal
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True: pass
    """).held.ended(15)
    assert ended.reason == "cpu"
    assert ended.status == -signal.SIGKILL


def test_one_who_only_waits_is_ended_at_the_deadline(sandbox: Sandbox) -> None:
    with starter(lambda channel: begin(sandbox, None, channel, Limits(wall=0.5))) as start:
        ended = start("import time; time.sleep(1000)").held.ended(10)
    assert ended.reason == "wall"
    assert "0.5 s" in ended.sentence


def test_endless_output_is_cut_and_its_beginning_and_end_are_kept(start: Start) -> None:
    attack = start("""
        print("the beginning", flush=True)
        while True:
            print("x" * 1000)
    """)
    ended = attack.held.ended(15)
    assert ended.reason == "output"
    assert attack.held.printed > TIGHT.output
    assert attack.held.output.startswith(b"the beginning")
    assert len(attack.held.output) < TIGHT.kept + 100


def test_a_file_cannot_be_larger_than_allowed(start: Start) -> None:
    attack = start("""
        def write():
            with open("big", "wb") as file:
                for _ in range(10):
                    file.write(bytes(2**19))
                    file.flush()
        tell(attempt(write))
        import os
        tell(os.path.getsize("big"))
    """)
    assert attack.told() == "EFBIG"
    assert attack.told() == TIGHT.file


PLACES = ("/tmp", "/home/learner", "/dev/shm")


def test_all_files_together_cannot_be_larger_than_allowed(start: Start) -> None:
    attack = start(f"""
        import os
        def fill(place):
            for number in range(50):
                with open(f"{{place}}/{{number}}", "wb") as file:
                    file.write(bytes(2**20))
        for place in {PLACES!r}:
            tell(attempt(fill, place))
            tell(sum(os.stat(f"{{place}}/{{each}}").st_blocks * 512 for each in os.listdir(place)))
    """)
    for _ in PLACES:
        assert attack.told() == "ENOSPC"
        assert attack.told() <= TIGHT.scratch


def test_there_cannot_be_more_files_than_allowed(start: Start) -> None:
    attack = start(f"""
        import os
        def many(place):
            for number in range(100000):
                os.mkdir(f"{{place}}/{{number}}")
        for place in {PLACES!r}:
            tell(attempt(many, place))
            tell(len(os.listdir(place)))
    """)
    for _ in PLACES:
        assert attack.told() == "ENOSPC"
        assert attack.told() < TIGHT.inodes


def test_descriptors_run_out_for_the_program_only(start: Start) -> None:
    attack = start("""
        import os
        kept = []
        tell(attempt(lambda: [kept.append(os.open("/dev/null", os.O_RDONLY)) for _ in range(10**6)]))
        tell(len(kept))
    """)
    assert attack.told() == "EMFILE"
    assert attack.told() <= TIGHT.open_files


def test_threads_count_as_processes(start: Start) -> None:
    attack = start("""
        import threading, time
        def many():
            for _ in range(1000):
                threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        tell(attempt(many))
        tell(threading.active_count())
    """)
    assert attack.told() == "RuntimeError"
    assert attack.told() <= TIGHT.processes


def test_limits_cannot_be_raised_again(start: Start) -> None:
    attack = start("""
        import resource
        for name in ("CPU", "AS", "NPROC", "FSIZE", "NOFILE"):
            which = getattr(resource, "RLIMIT_" + name)
            tell(attempt(resource.setrlimit, which, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)))
    """)
    assert [attack.told() for _ in range(5)] == ["ValueError"] * 5


def test_the_graders_own_limits_stay_as_they_are(start: Start) -> None:
    mine = (resource.RLIMIT_CPU, resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE)
    before = [resource.getrlimit(each) for each in mine]
    attack = start("tell(1)")
    assert attack.told() == 1
    assert attack.held.ended(10).reason == "exit"
    assert [resource.getrlimit(each) for each in mine] == before


def test_a_channel_full_of_garbage_does_not_block_the_end(start: Start) -> None:
    attack = start("""
        import socket
        channel = socket.socket(fileno=3)
        tell("begun")
        while True:
            channel.sendall(bytes(65536))
    """)
    assert attack.channel.recv(64, socket.MSG_PEEK)
    attack.held.kill()
    assert attack.held.ended().reason == "killed"
