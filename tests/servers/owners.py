"""Other processes that own a server, to see what is left of it when they end."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from grader.servers import Server

Start = Callable[..., AbstractContextManager[Server]]


def gone(pid: int) -> bool:
    """Say whether a process has ended, its zombie aside."""
    asked = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()[:1] in ("", "Z")


class Owner:
    """Another Python process that runs `script`; the first line it prints is the pid of its Redis."""

    def __init__(self, script: str, environment: dict[str, Any] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
        assert self.process.stdout is not None
        self.redis = int(self.process.stdout.readline() or self._failed())

    def _failed(self) -> str:
        raise AssertionError(self.process.communicate()[1])

    def signal_group(self, word: signal.Signals) -> None:
        """As the terminal does at Ctrl-C: to every process of the foreground group."""
        os.killpg(self.process.pid, word)

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def end(self) -> tuple[str, str]:
        """Wait for it; return what it printed and its errors."""
        return self.process.communicate(timeout=30)
