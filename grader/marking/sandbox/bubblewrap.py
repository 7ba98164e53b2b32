"""The sandbox of Linux: bubblewrap (bwrap), as root or as an ordinary user.

Either way the program has mount, process, network, IPC, host name and control group namespaces of its own, sees the
libraries read-only and nothing else, writes to small folders in memory, has no capability, cannot gain any, and is
refused the system calls it could do harm with.

As root there is no user namespace: bwrap mounts, and inside `within.launch` becomes an unprivileged user, another one
for each sandbox (`users`), since limits on processes do not count for root and since root's interpreter may lie where
other users cannot go. As an ordinary user bwrap makes a user namespace. Root can make control groups as well
(`cgroups`), which bound memory for all processes of a sandbox together.

See bwrap(1), namespaces(7), seccomp(2).
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.marking.sandbox import interpreter, parent
from grader.marking.sandbox.cgroups import Group, NoGroupsError, tree
from grader.marking.sandbox.held import Held, wait_readable
from grader.marking.sandbox.interpreter import HOME, PLACE, WITHIN
from grader.marking.sandbox.limits import Limits
from grader.marking.sandbox.users import User
from grader.marking.sandbox.within import refusals

# Joins the control groups first, so that nothing of a sandbox is ever outside them.
_JOIN = (
    'n=$1; shift; while [ "$n" -gt 0 ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; n=$((n-1)); done; exec "$@"'
)
_SHARED_MEMORY = "/dev/shm"
FRESH = ("/tmp", HOME, _SHARED_MEMORY)
"""Writable folders in memory, each with the bounds of `Limits.scratch` and `Limits.inodes`."""

_LAST = 2.0  # seconds that processes may take to be gone after their end
_FIRST = re.compile(rb'"child-pid": (\d+)\D')
_SETUP_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


@dataclass(slots=True)
class Order:
    """What a sandbox is to be.

    Attributes:
        program: the words it runs, the first a path inside.
        limits: its limits.
        share: this machine's path -> place inside, read-only; nothing below it can be run.
        writable: the same for folders that it may write to; nothing below these can be run either.
        shown: programs: this machine's path -> place inside.
        channel: a descriptor that it gets as number 3.
        filtered: whether system calls are filtered from the start.
        pid_1: whether the program is process 1 of its namespace, with no other beside it.
        environment: variables besides the usual ones.
        home: where it starts: one of the fresh folders, of `writable` or of `share`.
    """

    program: list[str]
    limits: Limits
    share: Mapping[Path, str] = field(default_factory=dict)
    writable: Mapping[Path, str] = field(default_factory=dict)
    shown: Mapping[Path, str] = field(default_factory=dict)
    channel: int | None = None
    filtered: bool = True
    pid_1: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    home: str = HOME


@functools.lru_cache(maxsize=1)
def _bound_to_us() -> tuple[str, ...]:
    """Words in front of bubblewrap's that end it with us from its first moment on.

    It asks for that itself, but only when what is inside runs already: whoever is killed just then would leave it.
    """
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()


class Bubblewrap:
    """Sandboxes by bubblewrap.

    Args:
        bwrap: the program.
        groups: whether to use control groups where they can be had.
    """

    name = "bubblewrap"
    trusted = True

    def __init__(self, bwrap: str = "bwrap", *, groups: bool = True) -> None:
        self.bwrap = bwrap
        self.root = os.geteuid() == 0
        self.no_groups = "they were not asked for"
        self._groups = groups
        if groups:
            try:
                tree()
            except NoGroupsError as error:
                self._groups, self.no_groups = False, str(error)

    @property
    def grouped(self) -> bool:
        """Whether memory is bounded for all processes of a sandbox together."""
        return self._groups

    @property
    def words(self) -> str:
        """What the instructor gets, and what is missing."""
        how = "as a user of its own" if self.root else "in a user namespace"
        said = (
            f"Submissions run in bubblewrap {how}: without network, without sight of the course or of each other, "
            "within limits."
        )
        if not refusals.known_here():
            said += " System calls are not filtered: no filter is known for this machine's processor."
        if self._groups:
            return f"{said} Control groups bound the memory of each."
        return (
            f"{said} There are no control groups for it here ({self.no_groups}), so memory is bounded for each "
            "process, not in total: a submission could use as much as all its processes may together."
        )

    def start(
        self, program: list[str], channel: socket.socket, limits: Limits, share: Mapping[Path, str] | None = None
    ) -> Held:
        """Run `program` with `channel` as descriptor 3.

        Args:
            program: its first word is "python"; this interpreter is run.
            channel: one end of a socket pair; stays open here, close it.
            limits: what it may use.
            share: this machine's path -> place inside, read-only.

        Raises:
            OSError: when bubblewrap cannot be started or a limit cannot be set.
        """
        return self.run(Order(interpreter.command(program), limits, share or {}, channel=channel.fileno()))

    def run(self, order: Order) -> Held:
        """Run what `order` says; raises as `start`."""
        if self.root:
            for path in order.share:
                _must_be_readable(path)
        with contextlib.ExitStack() as undo:
            cage, output = self._begin(order, undo)
            undo.pop_all()
        return Held(cage, output, order.limits, grouped=self._groups)

    def _begin(self, order: Order, undo: contextlib.ExitStack) -> tuple[_Cage, int]:
        user = User() if self.root else None
        group = tree().group(order.limits) if self._groups else None
        if user is not None:
            undo.callback(user.release)
        if group is not None:
            undo.callback(group.remove)
        output, told = os.pipe()
        info, informed = os.pipe()
        undo.callback(os.close, output)
        undo.callback(os.close, info)
        try:
            process = parent.start(
                [
                    *_bound_to_us(),
                    *self.command(order, user.uid if user else None, informed, group.places if group else ()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                pass_fds=[informed] if order.channel is None else [informed, order.channel],
                cwd="/",
                env={},
                start_new_session=True,
            )
        finally:
            os.close(told)
            os.close(informed)
        return _Cage(process, info, user, group), output

    def command(
        self, order: Order, uid: int | None, info: int | None, groups: tuple[str, ...] | list[str]
    ) -> list[str]:
        """The words that start bubblewrap.

        Args:
            order: what is to run.
            uid: whom to become, if root starts it.
            info: a descriptor that bubblewrap writes the process ids to.
            groups: control groups to join first.
        """
        words = [self.bwrap, "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        words += ["--new-session", "--die-with-parent", "--clearenv", "--hostname", "sandbox", "--cap-drop", "ALL"]
        if uid is None:
            words += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
        for capability in _SETUP_CAPABILITIES:
            words += ["--cap-add", capability]
        if order.pid_1:
            words += ["--as-pid-1"]
        if info is not None:
            words += ["--info-fd", str(info)]
        words += ["--proc", "/proc", "--dev", "/dev", "--dir", _SHARED_MEMORY, "--dir", "/tmp", "--dir", HOME]
        words += _binds(order)
        words += ["--remount-ro", "/dev", "--remount-ro", "/"]
        temporary = "/tmp" if "/tmp" in fresh(order) else HOME
        for name, value in {**interpreter.ENVIRONMENT, "TMPDIR": temporary, **order.environment}.items():
            words += ["--setenv", name, value]
        words += ["--", *interpreter.start_up(), repr(self._orders(order, uid)), *order.program]
        if groups:
            words = ["/bin/sh", "-c", _JOIN, "sandbox", str(len(groups)), *groups, *words]
        return words

    def _orders(self, order: Order, uid: int | None) -> dict[str, Any]:
        """What `within.launch` is told."""
        limits = order.limits
        return {
            "uid": 65534 if uid is None else uid,
            "gid": 65534 if uid is None else uid,
            "fresh": [[p, limits.scratch, limits.inodes] for p in fresh(order)],
            "root": self.root,
            "no_programs": list(order.share.values()),
            "writable": list(order.writable.values()),
            "channel": order.channel,
            "limits": limits.bounds(self._groups),
            "filter": refusals.program() if order.filtered else b"",
            "home": order.home,
        }


def _binds(order: Order) -> list[str]:
    seen = interpreter.view()
    binds = [(str(path), str(path)) for path in seen.bound]
    binds += [(str(path), place) for path, place in order.shown.items()]
    binds += [(str(WITHIN / "etc" / file), f"/etc/{file}") for file in ("hosts", "nsswitch.conf", "passwd", "group")]
    binds += [(str(WITHIN), f"{PLACE}/{WITHIN.name}"), *((str(path), place) for path, place in order.share.items())]
    writable = [(str(path), place) for path, place in order.writable.items()]
    words: list[str] = []
    # Folders that bubblewrap makes on the way to a place are for root only.
    for folder in _above([place for _, place in (*binds, *writable)] + list(seen.links)):
        words += ["--dir", folder]
    for path, place in binds:
        words += ["--ro-bind", path, place]
    for place, target in seen.links.items():
        words += ["--symlink", target, place]
    for covered in map(str, seen.covered):
        is_folder = Path(covered).is_dir()
        words += ["--tmpfs", covered, "--remount-ro", covered] if is_folder else ["--ro-bind", "/dev/null", covered]
    for path, place in writable:
        words += ["--bind", path, place]
    return words


def fresh(order: Order) -> list[str]:
    """Those of `FRESH` that hold nothing which is to be seen: a new folder in their place would cover it."""
    seen = interpreter.view()
    places = [*map(str, seen.bound), *seen.links, *order.share.values(), *order.writable.values()]
    return [each for each in FRESH if not any(Path(place).is_relative_to(each) for place in places)]


def _above(places: list[str]) -> list[str]:
    """The folders above `places`, the highest first, without the top."""
    found = {str(folder) for place in places for folder in Path(place).parents} - {"/"}
    return sorted(found)


def _must_be_readable(path: Path) -> None:
    """Raise PermissionError where another user could not read what is at `path`."""
    mode = path.stat().st_mode
    needed = 0o005 if stat.S_ISDIR(mode) else 0o004
    if mode & needed != needed:
        raise PermissionError(
            f"{path} cannot be read by the user that a submission runs as. `chmod -R o+rX {path}` allows it."
        )


class _Cage:
    """The processes of one bubblewrap: the one we started, the first inside, and all that came of it."""

    def __init__(self, process: subprocess.Popen[bytes], info: int, user: User | None, group: Group | None) -> None:
        self._process = process
        self._info = info
        self._first: int | None = None
        self._user = user
        self._group = group
        self._ran_out = False
        self._pidfd = os.pidfd_open(process.pid)
        self._handle: int | None = None
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The first process inside, once it is there."""
        with self._lock:
            said = b""
            while self._first is None and wait_readable(self._info, 5):
                if not (more := os.read(self._info, 4096)):
                    break
                said += more
                if match := _FIRST.search(said):
                    self._first = int(match[1])
            return self._first

    def over(self) -> int:
        if (first := self.pid) is not None:
            self._handle = handle_of(first, self._process.pid)
        return self._pidfd

    def end(self) -> None:
        # The first process inside takes all others with it, and is gone when they are. bubblewrap does not wait for
        # that when the program ends by itself, and if it were ended first there would be nobody to wait for.
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            wait_readable(self._handle)
        elif self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._group is not None:
            self._ran_out = self._group.memory_ran_out()
            self._group.remove()
        if self._handle is None and self._first is not None:
            # It ended before anybody had looked: it is nobody's child now, and on its way.
            deadline = time.monotonic() + _LAST
            while _elsewhere(self._first) and time.monotonic() < deadline:
                time.sleep(0.001)  # between two looks

    def status(self) -> int | None:
        # bubblewrap tells a signal as a shell does.
        code = self._process.returncode
        return 128 - code if code > 128 else code

    def memory_ran_out(self) -> bool:
        return self._ran_out

    def remove(self) -> None:
        for descriptor in (self._pidfd, self._info, self._handle):
            if descriptor is not None:
                os.close(descriptor)
        if self._user is not None:
            self._user.release()


def handle_of(pid: int, of: int) -> int | None:
    """A descriptor for the process `pid`, if its parent is `of`; None if it is not, or is gone."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return None
    # The number could have been given to another process before the handle was opened, not after.
    if parent_of(pid) == of:
        return handle
    os.close(handle)
    return None


def _elsewhere(pid: int) -> bool:
    """Whether a process is there and lives in another process namespace than we do."""
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink() != Path("/proc/self/ns/pid").readlink()
    except OSError:
        return False


def parent_of(pid: int) -> int | None:
    """The parent of a process, None when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return None
