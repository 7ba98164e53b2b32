"""Marks submissions one after another: what it costs to begin (a sandbox, a Redis) is paid once."""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

import grader
from grader.checks import Catalog, Exercise
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult
from grader.marking.submission import Submission
from grader.marking.terminal import check_notebooks


class Marker:
    """Marks submissions. Make one a process, in its main thread, and close it.

    Args:
        exercises: the course's.
        key: the course's secret, from which the seeds of hidden checks are made.
    """

    def __init__(self, exercises: Catalog, *, key: bytes = b"") -> None:
        self._exercises = exercises
        self._key = key

    def mark(
        self,
        submission: Submission,
        wanted: Iterable[Exercise] | None = None,
        on_result: Callable[[ExerciseResult], None] | None = None,
    ) -> Marks:
        """Mark `submission`; never raises for anything that is in it.

        Args:
            submission: what was handed in.
            wanted: the exercises to mark; all of the course's if None.
            on_result: called with each result as it comes.
        """
        began = time.perf_counter()
        asked = list(self._exercises) if wanted is None else list(wanted)
        marks = Marks(submission.learner, submission.digest(), notes=list(submission.notes))
        marks.course, marks.python = grader.__version__, platform.python_version()
        with tempfile.TemporaryDirectory(prefix="course-marking-") as temporary:
            for name, data in submission.files.items():
                path = Path(temporary) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            marks.results = check_notebooks(asked, Path(temporary), on_result)
        marks.seconds = time.perf_counter() - began
        return marks

    def close(self) -> None:
        """End what it started."""

    def __enter__(self) -> Marker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
