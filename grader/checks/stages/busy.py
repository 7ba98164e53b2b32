"""How much a server's process has worked, seen from outside."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from grader.checks.stages.registry import UnderTest

_LOOKS = 40


def share_at_work(server: UnderTest, seconds: float) -> float:
    """The part of the next `seconds` in which the process works or wants to, from 0 to 1.

    Where others leave it little of the processor, one that spins has worked for a short time only; but whenever one
    looks, it stands in line.
    """
    before, waits = processor_time(server), 0
    for _ in range(_LOOKS):
        time.sleep(seconds / _LOOKS)  # this is what is measured: what it does meanwhile
        waits += not _is_runnable(server)
    after = processor_time(server)
    worked = 0.0 if before is None or after is None else (after - before) / seconds
    return max(min(worked, 1.0), 1 - waits / _LOOKS)


def _is_runnable(server: UnderTest) -> bool:
    """Whether it is at work at this moment, or next in line; False also where that cannot be known."""
    try:
        return Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    except (OSError, IndexError):
        return False


def processor_time(server: UnderTest) -> float | None:
    """Seconds that the process has worked until now; None where that cannot be known, or it has ended."""
    if server.pid is None:
        return None
    if Path("/proc/self/stat").exists():
        return _from_proc(server.pid)
    return _from_ps(server.pid)


def _from_proc(pid: int) -> float | None:
    try:
        # The name of the program is in parentheses, and may contain blanks; 14 and 15 are the ticks of user and system.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError):
        return None


def _from_ps(pid: int) -> float | None:
    """macOS has no /proc, but ps, which says minutes and seconds."""
    said = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    try:
        hours, minutes, seconds = ("0:0:" + said.strip()).split(":")[-3:]
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
