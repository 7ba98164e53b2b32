"""The cells of a notebook that lies in a folder, for `course check` and `course watch` on a learner's own machine.

A thin thing over `grader.marking.intake`, which says what is read, repaired and refused.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from grader.checks.catalog import Exercise
from grader.inside.cells import Cell, NotebookAnswers
from grader.marking.intake.limits import FILE_BYTES
from grader.marking.intake.notebook import BROKEN_JSON, NotebookError, read_cells
from grader.marking.intake.repair import answers

__all__ = ["Cell", "NotebookAnswers", "NotebookError", "read_notebook"]


def read_notebook(path: Path, exercises: Iterable[Exercise] = ()) -> NotebookAnswers:
    """Read the code cells of an ``.ipynb`` file.

    Args:
        path: the file.
        exercises: the notebook's; their answers are looked for, and get their ids back. Without them every cell keeps
            the id that the file gives it.

    Raises:
        NotebookError: when it is missing, too large, or broken.
    """
    data = _bytes(path)
    reading = read_cells(data, path.name)[0]
    if any(note.startswith(BROKEN_JSON) for note in reading.notes):
        # Marking would take what is whole; at their own desk somebody has to hear that Jupyter does not open it.
        raise NotebookError(
            f"{path.name} is not a notebook any more: its JSON is broken, so Jupyter cannot open it. "
            "Restore it from a backup or with `course reset`, which keeps the broken file."
        )
    asked = list(exercises)
    if asked:
        return NotebookAnswers(path, answers(data, None, asked, path.name).cells)
    code = [c for c in reading.cells if c.kind == "code"]
    return NotebookAnswers(path, [Cell(c.names[0] if c.names else "", c.source) for c in code])


def _bytes(path: Path) -> bytes:
    """The file's bytes, at most one more than a notebook may have; a link of the learner's own is followed."""
    try:
        # Not waiting: somebody's named pipe would never be written to.
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(file, "rb") as opened:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise NotebookError(f"{path.name} is no file, so it is not a notebook.")
            return opened.read(FILE_BYTES + 1)
    except FileNotFoundError:
        raise NotebookError(f"{path} does not exist. `course reset` on one of its exercises brings it back.") from None
    except OSError as error:
        raise NotebookError(f"{path} cannot be read: {error.strerror}.") from None
