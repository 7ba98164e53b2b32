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
    raise NotImplementedError("mini.bgsave")  # course hint mini.bgsave


def ended(pid: int) -> int | None:
    """Return the status with which a child has ended (negative: the signal), None while it runs."""
    raise NotImplementedError("mini.bgsave")  # course hint mini.bgsave


def kill(pid: int) -> None:
    """End a child whose work is no longer wanted, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
