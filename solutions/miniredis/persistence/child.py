"""A copy of the process that writes a file while the server goes on.

`fork` gives the child the memory as it was at that moment; pages are copied only where one of the two changes them. So
the child can take its time over a data set that stands still.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from miniredis.server import Server


def start(server: Server, work: Callable[[], None]) -> int:
    """Run `work` in a child process; its process id. It ends with status 0, or 1 if the file could not be written."""
    ### BEGIN SOLUTION mini.bgsave
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.disable()  # a collection would touch, and so copy, every page
        server.close_sockets()
        work()
        status = 0
    except OSError as error:
        print(f"The file could not be written: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)
    ### END SOLUTION


def ended(pid: int) -> int | None:
    """Return the status with which a child has ended (negative: the signal), None while it runs."""
    ### BEGIN SOLUTION mini.bgsave
    done, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if done else None
    ### END SOLUTION


def kill(pid: int) -> None:
    """End a child whose work is no longer wanted, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
