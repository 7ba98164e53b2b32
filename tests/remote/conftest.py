"""Workers without a sandbox, for tests of the conversation with them: plain processes of this Python."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from grader.checks import Exercise, catalog
from grader.inside.cells import Cell
from grader.marking.remote import WorkerNotebook
from grader.servers import Server, scratch

_RUN = "import os, sys; os.dup2(int(sys.argv[1]), 3); from grader.inside.worker import main; main()"


class Plain:
    """A worker as a plain process."""

    def __init__(self, channel: socket.socket) -> None:
        number = channel.fileno()
        self._process = subprocess.Popen([sys.executable, "-c", _RUN, str(number)], pass_fds=[number])

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def why(self) -> str:
        return ""


Make = Callable[..., WorkerNotebook]


def exercise(name: str = "page-views", *names: str) -> Exercise:
    """An exercise of the course whose answer may be anything."""
    found = catalog()[f"week1.{name}"]
    return replace(found, names=names) if names else found


@pytest.fixture
def worker() -> Iterator[Callable[[str], object]]:
    """`worker(source)` is the answer of week1.page-views, being `source`, in a worker of its own."""
    with contextlib.ExitStack() as stack:

        def make(source: str, *more: str) -> object:
            e = exercise()
            cells = [*(Cell("", text) for text in more), Cell(e.cell_id, source)]
            notebook = WorkerNotebook(Plain, "02-strings-and-counters.ipynb", cells, [e])
            stack.callback(notebook.close)
            notebook.begin()
            return notebook.answer(e)

        yield make


@pytest.fixture
def server() -> Server:
    made = scratch()
    made.reset()
    return made
