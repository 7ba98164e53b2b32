"""Starts the workers that hold learners' code: in the sandbox, warm where that can be, with `grader.inside` and no more
of the course."""

from __future__ import annotations

import socket

from grader.marking.sandbox import Held, Limits, Sandbox
from grader.marking.sandbox.warm import WarmWorkers

#: What a worker may use: a notebook's answers and nothing more ambitious.
LIMITS = Limits(cpu=120, wall=900)
# What the course's own notebooks import; a plotting library alone takes longer than all answers of its notebook.
_PRELOAD = (
    "grader.inside.worker", "hiredis", "asyncio", "dataclasses", "datetime", "json", "math", "random", "re", "secrets",
    "sqlite3", "statistics", "tempfile", "threading", "uuid", "numpy", "matplotlib.pyplot",
)  # fmt: skip


class StartedWorker:
    """A worker as `grader.marking.remote` knows it."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def kill(self) -> None:
        """End everything in it; returns when it is gone."""
        self._held.kill()

    def why(self) -> str:
        """Once it has ended: a sentence for the learner about what ended it; empty if it ended itself."""
        if self._held.alive():
            return ""
        ended = self._held.ended()
        return "" if ended.reason in ("exit", "killed") else ended.sentence


class Workers:
    """Starts one worker after another in `sandbox`. Close it."""

    def __init__(self, sandbox: Sandbox, limits: Limits = LIMITS) -> None:
        self._warm = WarmWorkers(sandbox, limits, preload=_PRELOAD)

    @property
    def words(self) -> str:
        """How they are started, for the instructor."""
        return self._warm.words

    def start(self, channel: socket.socket) -> StartedWorker:
        """Start a worker with `channel` as its end of the conversation.

        Raises:
            OSError: when none can be started.
        """
        return StartedWorker(self._warm.start(channel))

    def close(self) -> None:
        """End what they come from, and all that are left."""
        self._warm.close()
