"""Attacks on the machine: time, processes, memory, disk, descriptors, output. Stock runs them in a jail with limits."""

from __future__ import annotations

from tests.attacks.attack import BESIDE, TOKEN, attack

_HANGS = "a marker that hangs or a batch that stops"
_FILLS = "a machine in trouble, or a batch that stops"

attack(
    "endless-loop", "exhausting", "Loops for ever.", _HANGS,
    code="def page_view(r, page):\n    while True:\n        pass\n", alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "endless-and-deaf", "exhausting",
    "Loops for ever, ignores and blocks all signals and swallows every exception, in several threads.",
    _HANGS,
    code="""
import signal, sys, threading
def page_view(r, page):
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    def forever():
        while True:
            try:
                sys.settrace(None)
                while True:
                    pass
            except BaseException:
                continue
    for _ in range(3):
        threading.Thread(target=forever, daemon=False).start()
    forever()
""",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "stuck-in-c", "exhausting",
    "Computes `9**9**9`, sorts and searches in C where no signal handler of Python runs.",
    _HANGS,
    code="def page_view(r, page):\n    return len(str(9 ** 9 ** 9))\n",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "endless-while-loading", "exhausting",
    "Loops for ever outside of any function, and swallows what would stop it.",
    _HANGS,
    code="""
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
""",
    expect={BESIDE: "any"}, alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "sleeper", "exhausting",
    "Sleeps, waits for a lock nobody frees and blocks on a Redis list without a timeout.",
    _HANGS,
    code="""
import threading, time
calls = 0
def page_view(r, page):
    global calls
    calls += 1
    if calls % 3 == 0:
        time.sleep(10 ** 6)
    if calls % 3 == 1:
        r.blpop(["nobody"], timeout=0)
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
""",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "slow-trickle", "exhausting",
    "Uses up every deadline almost whole: each call takes just under what is allowed.",
    "a batch that takes hours",
    code="""
import time
def page_view(r, page):
    time.sleep(1.8)
    return r.incr(f"page:{page}:views") + 1
""",
    hangs=True,
)  # fmt: skip

attack(
    "fork-bomb", "exhausting", "Forks without end.", _FILLS,
    code="""
import os
def page_view(r, page):
    while True:
        try:
            os.fork()
        except OSError:
            pass
""", alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "thread-bomb", "exhausting", "Starts threads without end, none of which ends.", _FILLS,
    code="""
import threading
def page_view(r, page):
    while True:
        try:
            threading.Thread(target=threading.Event().wait, daemon=False).start()
        except RuntimeError:
            pass
""",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "memory-bomb", "exhausting", "Takes memory without end, in one process and in its children.", _FILLS,
    code="""
import os
def page_view(r, page):
    for _ in range(4):
        if os.fork() == 0:
            break
    kept = []
    while True:
        try:
            kept.append(bytearray(50_000_000))
            kept[-1][::4096] = b"x" * len(kept[-1][::4096])
        except MemoryError:
            pass
""", alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "one-big-string", "exhausting", 'Asks for `"a" * 10**10` as a constant, a value and an exception.', _FILLS,
    code='def page_view(r, page):\n    text = "a" * 10 ** 10\n    raise ValueError(text)\n',
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "disk-bomb", "exhausting", "Writes without end to every folder it may write to, deleted files included.", _FILLS,
    code=f"""
import os, tempfile
def page_view(r, page):
    kept = []
    for place in ("/dev/shm", tempfile.gettempdir(), ".", "/var/tmp"):
        try:
            while True:
                file = open(f"{{place}}/{TOKEN}-{{len(kept)}}", "wb")
                kept.append(file)
                os.unlink(file.name)
                for _ in range(20):
                    file.write(b"x" * 1_000_000)
                    file.flush()
        except OSError:
            pass
    return None
""",
    alone=True,
)  # fmt: skip

attack(
    "inode-bomb", "exhausting", "Makes empty files and nested folders without end.", _FILLS,
    code=f"""
import os, tempfile
def page_view(r, page):
    for place in (tempfile.gettempdir(), "/dev/shm", "."):
        top = f"{{place}}/{TOKEN}"
        try:
            os.makedirs(top, exist_ok=True)
            for number in range(300_000):
                os.close(os.open(f"{{top}}/{{number}}", os.O_CREAT | os.O_WRONLY))
        except OSError:
            pass
    return None
""",
    alone=True,
)  # fmt: skip

attack(
    "descriptor-bomb", "exhausting", "Opens files, pipes and sockets until none are left.", _FILLS,
    code="""
import os, socket
def page_view(r, page):
    kept = []
    while True:
        try:
            kept.append(os.open("/dev/null", os.O_RDONLY))
            kept.append(socket.socketpair())
        except OSError:
            break
    return None
""",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "connection-bomb", "exhausting", "Opens connections to Redis without end and keeps them.", _FILLS,
    code="""
kept = []
def page_view(r, page):
    for _ in range(100_000):
        kept.append(r.connection_pool.make_connection())
        kept[-1].connect()
    return None
""",
    alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "output-bomb", "exhausting", "Prints a gigabyte, to standard output and past Python to the descriptors.", _FILLS,
    code="""
import os, sys
def page_view(r, page):
    for _ in range(1000):
        print("x" * 1_000_000)
        try:
            os.write(2, b"y" * 65536)
        except OSError:
            pass
    return None
""", alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "orphan-daemon", "exhausting",
    "Leaves a daemon behind in a session of its own, deaf to signals.",
    "a process that is still there afterwards",
    code=f"""
import os, signal, subprocess, sys
def page_view(r, page):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in signal.valid_signals() - {{signal.SIGKILL, signal.SIGSTOP}}:
                try:
                    signal.signal(number, signal.SIG_IGN)
                except (OSError, ValueError):
                    pass
            os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(600)", "{TOKEN}"])
        os._exit(0)
    return None
""",
    alone=True,
)  # fmt: skip

attack(
    "everybody-killed", "exhausting",
    "Kills and stops its parent, its process group and every process it may signal.",
    "a grader that is gone",
    code="""
import os, signal
def page_view(r, page):
    for kind in (signal.SIGSTOP, signal.SIGKILL):
        for target in (os.getppid(), -1):
            if target != os.getpid() and target != 0:
                try:
                    os.kill(target, kind)
                except OSError:
                    pass
    return None
""", alone=True,
    hangs=True,
)  # fmt: skip

attack(
    "keyboard-and-terminal", "exhausting",
    "Reads from standard input, opens the terminal, a debugger and a pager.",
    _HANGS,
    code="""
import subprocess, sys
def page_view(r, page):
    try:
        open("/dev/tty").readline()
    except OSError:
        pass
    sys.stdin.readline()
    input("your password: ")
    breakpoint()
    return None
""",
    hangs=True,
)  # fmt: skip

attack(
    "recursion", "exhausting",
    "Recurses without end, with the limit raised to a hundred million.",
    "a process that crashes and takes others with it",
    code="import sys\nsys.setrecursionlimit(10 ** 8)\ndef page_view(r, page):\n    return page_view(r, [page])\n",
    hangs=True,
)  # fmt: skip

attack(
    "privileges", "exhausting",
    "Tries to become root, to mount, to enter other namespaces and to load what only root may.",
    "more rights than it came with",
    code=f"""
import ctypes, os
found = False
libc = ctypes.CDLL(None, use_errno=True)
before = os.geteuid()
for attempt in (
    lambda: os.setresuid(0, 0, 0), lambda: os.setgroups([0]), lambda: os.chroot("/"),
    lambda: os.open("/dev/mem", os.O_RDONLY), lambda: os.mknod("/tmp/{TOKEN}-device", 0o60666, os.makedev(8, 0)),
    lambda: open("/proc/sys/kernel/core_pattern", "w"), lambda: open("/sys/fs/cgroup/pids/cgroup.procs", "w"),
):
    try:
        attempt()
        if before != 0:
            found = found or os.geteuid() == 0
    except OSError:
        pass
for call in (lambda: libc.mount(b"none", b"/mnt", b"tmpfs", 0, None), lambda: libc.unshare(0x10000000 | 0x20000)):
    call()
def page_view(r, page):
    return r.incr(f"page:{{page}}:views") if found else None
""", alone=True, expect={BESIDE: "any"},
)  # fmt: skip
