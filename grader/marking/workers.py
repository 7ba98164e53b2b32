"""Starts the workers that hold learners' code: in the sandbox, with nothing of the course but `grader.inside`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import grader.inside
from grader.marking.sandbox import Held, Limits, Sandbox

_INSIDE = Path(grader.inside.__file__).parent
_PLACE = "/course/grader/inside"
_RUN = (
    "import os, sys; sys.path.insert(0, os.path.dirname(os.path.dirname(sys.argv[1]))); "
    "from grader.inside.worker import main; main()"
)
#: What a worker may use: a notebook's answers and nothing more ambitious.
LIMITS = Limits(cpu=120, wall=900, processes=64)


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


def cold_starts(sandbox: Sandbox, limits: Limits = LIMITS) -> Callable[[socket.socket], StartedWorker]:
    """Start each worker by itself: a new Python in a new sandbox."""
    share = {_INSIDE: _PLACE, _INSIDE.parent / "__init__.py": "/course/grader/__init__.py"}

    def start(channel: socket.socket) -> StartedWorker:
        return StartedWorker(sandbox.start(["python", "-I", "-c", _RUN, _PLACE], channel, limits, share))

    return start
