"""The process that has imported what every worker needs, and forks one when it is asked to.

It runs in a sandbox and never sees a learner's code. Each worker leaves for namespaces of its own: other processes,
other files, another network. In there are two processes: the first, which is trusted, waits for the grader's word,
collects orphans and says how the second, the learner's, ended. When the first is gone, so is everything else.

One message on descriptor 3 asks for a worker and carries three descriptors: the channel, where output goes, and a
socket to report on. The grader learns from the kernel which process reports, puts it into a control group and says go.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from . import confine

CONTROL, CHANNEL = 3, 3
GO = b"go"
READY = b"ready"


def main() -> None:
    """Import what ``sys.argv[1]`` (JSON) says, then fork workers until the grader is gone."""
    orders: dict[str, Any] = json.loads(sys.argv[1])
    sys.path[:0] = orders["path"]
    for name in orders["preload"]:
        importlib.import_module(name)
    module, _, name = orders["entry"].partition(":")
    getattr(importlib.import_module(module), name)
    control = socket.socket(fileno=CONTROL)
    sys.argv[:] = [module]
    # What is there now stays: a collection in a worker would write to every page of it.
    gc.collect()
    gc.freeze()
    control.send(READY)
    while True:
        asked, descriptors, _, _ = socket.recv_fds(control, 64, 3)
        if not asked:
            return
        pid = os.fork()
        if pid == 0:
            _leave(orders, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        os.waitpid(pid, 0)


def _leave(orders: dict[str, Any], channel: int, output: int, report: int) -> NoReturn:
    """Go into new namespaces; the process that is the first there takes over."""
    try:
        confine.only(0, 1, 2, channel, output, report)
        uid, gid = os.getuid(), os.getgid()
        confine.unshare(
            confine.NEW_USER | confine.NEW_PIDS | confine.NEW_MOUNTS | confine.NEW_NET | confine.NEW_IPC
            | confine.NEW_UTS | confine.NEW_CGROUP
        )  # fmt: skip
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123 (pathlib is not needed in here)
                file.write(text)
        if os.fork() == 0:
            _first(orders, channel, output, socket.socket(fileno=report))
        os._exit(0)
    except BaseException as error:
        _give_up(report, error)


def _first(orders: dict[str, Any], channel: int, output: int, report: socket.socket) -> NoReturn:
    """Process 1 of the new namespace: makes it ready, waits for the word, forks the worker, and outlives it."""
    try:
        uid, gid = os.getuid(), os.getgid()
        confine.mounts_private()
        for place, size, inodes in orders["fresh"]:
            confine.mount_fresh(place, size, inodes, uid, gid)
        try:
            confine.mount_proc()
        except OSError:
            confine.hide("/proc")
        confine.raise_loopback()
        report.send(READY)
        if report.recv(16) != GO:
            os._exit(0)
        worker = os.fork()
        if worker == 0:
            report.close()
            _become_worker(orders, channel, output)
        confine.only(report.fileno())
        confine.drop_bounding_set()
        confine.drop_capabilities()
        confine.no_new_privileges()
        confine.dumpable(False)
        report.send(json.dumps({"status": _outlive(worker)}).encode())
        os._exit(0)
    except BaseException as error:
        _give_up(report.fileno(), error)


def _become_worker(orders: dict[str, Any], channel: int, output: int) -> NoReturn:
    """Give up everything but the channel and the output, and run the entry point."""
    status = 1
    try:
        nothing = os.open("/dev/null", os.O_RDONLY)
        os.setsid()
        # Out of the way of the numbers that are to be theirs.
        channel, output = os.dup(channel), os.dup(output)
        for old, new in ((nothing, 0), (output, 1), (output, 2), (channel, CHANNEL)):
            os.dup2(old, new)
        confine.only(0, 1, 2, CHANNEL)
        os.chdir(orders["home"])
        confine.drop_bounding_set()
        confine.drop_capabilities()
        confine.no_new_privileges()
        confine.filter_calls(bytes.fromhex(orders["filter"]))
        confine.limit(orders["limits"])
        module, _, name = orders["entry"].partition(":")
        getattr(sys.modules[module], name)()
        status = 0
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                status = status or 1
        os._exit(status & 0xFF)


def _outlive(worker: int) -> int:
    """Collect orphans until `worker` ends; its exit status, minus the number of the signal that ended it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
    while True:
        pid, how = os.wait()
        if pid == worker:
            return os.waitstatus_to_exitcode(how)


def _give_up(report: int, error: BaseException) -> NoReturn:
    try:
        os.write(report, f"failed: {type(error).__name__}: {error}".encode()[:500])
    finally:
        os._exit(1)
