"""Workers that start in milliseconds: a process inside a sandbox has imported everything already and forks them.

Every worker has namespaces, folders, limits, a filter and a control group of its own, as one that was started cold
has. It shares with others only memory that was written before any of them existed. See `within.warm` for what happens
inside.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import grader
from grader.marking.sandbox import interpreter
from grader.marking.sandbox.bubblewrap import Bubblewrap, Order, fresh
from grader.marking.sandbox.cgroups import Group, tree
from grader.marking.sandbox.choose import Sandbox
from grader.marking.sandbox.held import Held, wait_readable
from grader.marking.sandbox.interpreter import HOME, PLACE
from grader.marking.sandbox.limits import MB, Limits
from grader.marking.sandbox.within import refusals, warm

COURSE = "/course"
ENTRY = "grader.inside.worker:main"
PRELOAD = ("redis", "json")
_PATIENCE = 20.0  # seconds for imports, and for a fork on a machine that is busy
_CREDENTIALS = struct.Struct("3i")
_LONG = 10**7  # seconds


def worker_share() -> dict[Path, str]:
    """What of the course a worker sees: `grader.inside`, and the wire format."""
    folder = Path(grader.__file__).parent
    return {folder / name: f"{COURSE}/grader/{name}" for name in ("__init__.py", "resp.py", "inside")}


class WarmWorkers:
    """Starts workers, warm where namespaces can be nested, cold elsewhere; `words` says which. Close it.

    Args:
        sandbox: where they run.
        limits: of each worker.
        share: this machine's path -> place inside, read-only; `worker_share()` by default.
        entry: the function each runs, ``module:name``; the channel is its descriptor 3.
        path: folders inside where Python looks for it.
        preload: modules that are imported once for all.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        limits: Limits,
        share: Mapping[Path, str] | None = None,
        *,
        entry: str = ENTRY,
        path: Sequence[str] = (COURSE,),
        preload: Sequence[str] = PRELOAD,
    ) -> None:
        self.sandbox = sandbox
        self.limits = limits
        self.words = "Each worker is started cold."
        self._share = worker_share() if share is None else dict(share)
        self._entry, self._path, self._preload = entry, tuple(path), tuple(preload)
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._source: Held | None = None
        self._control: socket.socket | None = None
        if isinstance(sandbox, Bubblewrap):
            self._try_warm(sandbox)

    @property
    def warm(self) -> bool:
        """Whether workers are forked from a process that is ready."""
        return self._source is not None

    def start(self, channel: socket.socket) -> Held:
        """Start a worker whose descriptor 3 is `channel`, one end of a socket pair; close it here.

        Raises:
            OSError: when none can be started.
        """
        if self._source is not None and isinstance(self.sandbox, Bubblewrap) and self._owner == os.getpid():
            with contextlib.suppress(OSError):
                if not self._source.alive():
                    self._try_warm(self.sandbox)
                return self._fork(channel)
        module, _, name = self._entry.partition(":")
        code = f"import sys; sys.path[:0] = sys.argv[1:]; from {module} import {name}; {name}()"
        return self.sandbox.start(["python", "-I", "-c", code, *self._path], channel, self.limits, self._share)

    def close(self) -> None:
        """End the process that workers are forked from, and every worker with it."""
        source, control, self._source, self._control = self._source, self._control, None, None
        if control is not None:
            control.close()
        if source is not None and self._owner == os.getpid():
            source.kill()

    def __enter__(self) -> WarmWorkers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _try_warm(self, sandbox: Bubblewrap) -> None:
        """Start the process that forks, and let it fork once to see whether it can."""
        self.close()
        try:
            self._source, self._control = self._prepare(sandbox)
            mine, theirs = socket.socketpair()
            with mine, theirs:
                self._fork(theirs).kill()
        except OSError as error:
            said = self._source.output.decode(errors="replace").strip() if self._source is not None else ""
            self.close()
            self.words = (
                "Each worker is started cold, which takes longer: namespaces cannot be nested here "
                f"({(said or str(error)).splitlines()[-1]})."
            )
        else:
            self.words = "Workers are forked from a process that is ready, each into a sandbox of its own."

    def _prepare(self, sandbox: Bubblewrap) -> tuple[Held, socket.socket]:
        seen = Order([], self.limits, self._share)
        orders = {
            "path": self._path,
            "preload": self._preload,
            "entry": self._entry,
            "fresh": [[place, self.limits.scratch, self.limits.inodes] for place in fresh(seen)],
            "limits": self.limits.bounds(sandbox.grouped),
            "filter": refusals.program().hex(),
            "home": HOME,
        }
        code = f"import sys; sys.path.insert(0, {PLACE!r}); from within.warm import main; main()"
        program = interpreter.command(["python", "-I", "-c", code, json.dumps(orders)])
        mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # It must not be held to what one worker may use, since its limits are inherited.
        roomy = replace(
            self.limits, cpu=_LONG, wall=_LONG, processes=1024, memory=max(512 * MB, self.limits.memory),
            file=max(self.limits.file, 16 * MB), open_files=max(1024, self.limits.open_files),
        )  # fmt: skip
        with theirs:
            held = sandbox.run(Order(program, roomy, self._share, channel=theirs.fileno(), filtered=False))
        mine.settimeout(_PATIENCE)
        try:
            if mine.recv(64) != warm.READY:
                raise OSError(held.output.decode(errors="replace").strip() or "it did not get ready")
        except OSError:
            mine.close()
            held.kill()
            raise
        return held, mine

    def _fork(self, channel: socket.socket) -> Held:
        if self._control is None or not isinstance(self.sandbox, Bubblewrap):
            raise OSError("there is nothing to fork from")
        with contextlib.ExitStack() as undo:
            report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            undo.callback(report.close)
            report.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            report.settimeout(_PATIENCE)
            output, told = os.pipe()
            undo.callback(os.close, output)
            try:
                with self._lock:
                    socket.send_fds(self._control, [b"worker"], [channel.fileno(), told, theirs.fileno()])
            finally:
                os.close(told)
                theirs.close()
            group = tree().group(self.limits) if self.sandbox.grouped else None
            if group is not None:
                undo.callback(group.remove)
            pid = _who_is_ready(report)
            handle = os.pidfd_open(pid)
            undo.callback(os.close, handle)
            undo.callback(_kill, handle)
            if group is not None:
                group.add(pid)
            report.send(warm.GO)
            undo.pop_all()
        return Held(_Cage(pid, handle, report, group), output, self.limits, grouped=self.sandbox.grouped)


class _Cage:
    """The two processes of a warm worker and what came of them; the first of them is known by a handle."""

    def __init__(self, pid: int, handle: int, report: socket.socket, group: Group | None) -> None:
        self.pid: int | None = pid
        self._handle = handle
        self._report = report
        self._group = group
        self._ran_out = False

    def over(self) -> int:
        return self._handle

    def end(self) -> None:
        _kill(self._handle)
        # The kernel lets the first process of a namespace go only after all others.
        wait_readable(self._handle)
        if self._group is not None:
            self._ran_out = self._group.memory_ran_out()
            self._group.remove()

    def status(self) -> int | None:
        self._report.setblocking(False)
        try:
            return int(json.loads(self._report.recv(64))["status"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def memory_ran_out(self) -> bool:
        return self._ran_out

    def remove(self) -> None:
        os.close(self._handle)
        self._report.close()


def _who_is_ready(report: socket.socket) -> int:
    """The process that says it is ready, as the kernel knows it.

    Raises:
        OSError: when it failed; says why.
    """
    said, extra, _, _ = report.recvmsg(600, socket.CMSG_SPACE(_CREDENTIALS.size))
    if said != warm.READY:
        raise OSError(said.decode(errors="replace") or "the process that forks has ended")
    for level, kind, data in extra:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            pid: int = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0]
            return pid
    raise OSError("the kernel does not say who reports")


def _kill(handle: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGKILL)
