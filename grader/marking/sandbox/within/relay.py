"""Process 1 of a container: carries the channel through standard input and output, which is all a container has.

The program gets one end of a socket pair as descriptor 3, as anywhere else; what it prints goes to standard error.
When the grader is gone, standard input ends, and with this process ends the container.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from . import confine

CHANNEL = 3
OUT_OF_MEMORY = 251
"""Exit status of a container in which the kernel ended a process for want of memory."""

_LAST_WORDS = 2.0  # seconds that what is still in the channel may take


def main() -> None:
    """Run ``sys.argv[2:]`` as ``sys.argv[1]`` (JSON) says."""
    orders: dict[str, Any] = json.loads(sys.argv[1])
    mine, theirs = socket.socketpair()
    worker = os.fork()
    if worker == 0:
        _become(orders, theirs.fileno(), sys.argv[2:])
    theirs.close()
    confine.dumpable(False)
    threading.Thread(target=_inwards, args=(mine,), daemon=True).start()
    outwards = threading.Thread(target=_outwards, args=(mine,), daemon=True)
    outwards.start()
    status = _outlive(worker)
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    outwards.join(_LAST_WORDS)
    os._exit(OUT_OF_MEMORY if _memory_ran_out() else status)


def _become(orders: dict[str, Any], channel: int, program: list[str]) -> NoReturn:
    try:
        nothing = os.open("/dev/null", os.O_RDONLY)
        channel, printed = os.dup(channel), os.dup(2)
        for old, new in ((nothing, 0), (printed, 1), (printed, 2), (channel, CHANNEL)):
            os.dup2(old, new)
        confine.only(0, 1, 2, CHANNEL)
        confine.no_new_privileges()
        confine.filter_calls(bytes.fromhex(orders["filter"]))
        confine.limit(orders["limits"])
        os.chdir(orders["home"])
        os.execvp(program[0], program)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(127)


def _inwards(channel: socket.socket) -> None:
    while data := os.read(0, 65536):
        try:
            channel.sendall(data)
        except OSError:
            continue  # it does not listen any more, and may still speak
    os._exit(0)


def _outwards(channel: socket.socket) -> None:
    while data := channel.recv(65536):
        while data:
            data = data[os.write(1, data) :]


def _outlive(worker: int) -> int:
    """Collect orphans until `worker` ends; its status as a shell tells it."""
    while True:
        pid, how = os.wait()
        if pid == worker:
            code = os.waitstatus_to_exitcode(how)
            return 128 - code if code < 0 else code


def _memory_ran_out() -> bool:
    for name in ("memory/memory.oom_control", "memory.events"):
        try:
            lines = Path("/sys/fs/cgroup", name).read_text().splitlines()
        except OSError:
            continue
        return any(line.split()[:1] == ["oom_kill"] and line.split()[1:] != ["0"] for line in lines)
    return False
