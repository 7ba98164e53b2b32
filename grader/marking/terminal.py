"""Check notebooks from outside: a worker process for each notebook, with a deadline that no answer can stretch.

`course check`, `course watch` and `course grade` come here. The worker is a plain child process: good enough for
a learner's own machine, not for marks of strangers' code.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from grader.checks import Exercise
from grader.marking.result import ExerciseResult

EXERCISE_SECONDS = 30.0
_START_SECONDS = 30.0  # until Python, the checks and the cells of the notebook are there


def check_notebooks(
    exercises: Iterable[Exercise],
    folder: Path,
    on_result: Callable[[ExerciseResult], None] | None = None,
    seconds: float = EXERCISE_SECONDS,
) -> list[ExerciseResult]:
    """Check `exercises` in the notebooks below `folder` (``notebooks/`` or a submission).

    Args:
        exercises: what to check, any order.
        folder: holds ``week1/…ipynb`` and the others.
        on_result: called with each result as it comes.
        seconds: how long one exercise may take before its worker is ended.

    Returns:
        One result an exercise; one that never ended is ``wrong`` with a sentence, not missing.
    """
    by_notebook: dict[str, list[Exercise]] = {}
    for e in exercises:
        by_notebook.setdefault(e.notebook, []).append(e)
    results = []
    for notebook, group in by_notebook.items():
        for result in _check_notebook(folder / f"{notebook}.ipynb", group, seconds):
            results.append(result)
            if on_result is not None:
                on_result(result)
    return results


def _check_notebook(path: Path, exercises: list[Exercise], seconds: float) -> Iterator[ExerciseResult]:
    left = list(exercises)
    while left:
        got_any = False
        for result in _one_worker(path, left, seconds):
            got_any = True
            left = [e for e in left if e.slug != result.slug]
            yield result
        if left:
            stuck = left.pop(0)
            yield ExerciseResult(
                stuck.slug,
                stuck.title,
                "wrong",
                0.0,
                stuck.points,
                note=f"It ended the process it ran in, or had not ended after {seconds:g} s, so it was stopped. "
                "Look for a loop that never ends, or for code that ends Python.",
            )
            if not got_any and left and not path.is_file():
                return


def _one_worker(path: Path, exercises: list[Exercise], seconds: float) -> Iterator[ExerciseResult]:
    """Results until the worker ends, dies or keeps silent for too long."""
    process = subprocess.Popen(
        [sys.executable, "-m", "grader.marking.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        start_new_session=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def pump() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    try:
        assert process.stdin is not None
        json.dump({"notebook": str(path), "slugs": [e.slug for e in exercises]}, process.stdin)
        process.stdin.close()
        threading.Thread(target=pump, daemon=True).start()
        for wait in (_START_SECONDS, *(seconds for _ in exercises)):
            try:
                line = lines.get(timeout=wait)
            except queue.Empty:
                return
            if line is None:
                return
            if line.strip():
                yield ExerciseResult.from_dict(json.loads(line))
    except BrokenPipeError:
        return
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
