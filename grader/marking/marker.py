"""Marks submissions one after another: what it costs to begin (a sandbox, a Redis) is paid once.

The checks run here, in the grading process; the learner's code runs in workers (`grader.marking.remote`) inside a
sandbox (`grader.marking.sandbox`). Three verdicts leave it: kept promises, broken ones, and failures of the grader's
own, which are never a zero.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType

import redis

import grader
from grader.checks import Catalog, Exercise
from grader.checks.chance import seeded
from grader.checks.session import PROMISE_SECONDS, CheckRun, Promise
from grader.inside.answer import Answer
from grader.marking.intake.released import ReleasedFiles
from grader.marking.intake.repair import Repaired, answers, file_answer
from grader.marking.marks import Marks
from grader.marking.receipts import seed_of
from grader.marking.remote import Start, WorkerNotebook
from grader.marking.result import ExerciseResult, credit
from grader.marking.run import run_exercises
from grader.marking.sandbox import Sandbox, choose
from grader.marking.sandbox.servers import redis_in_sandbox
from grader.marking.submission import Submission
from grader.marking.workers import Workers
from grader.servers import LocalServer, Server, ServerError, at_least, binaries

# Longer than at a learner's desk: machines that mark are busy, and nobody waits at the keyboard.
_SECONDS = 2.5 * PROMISE_SECONDS
# So many results of one submission are doubted: the answer is checked once more, and that counts. A machine may be so
# busy that an honest answer is late; whoever is late more often gets the usual time from then on.
_PATIENCE = 6
_DOUBTFUL = frozenset({"deadline", "redis-away"})


class Marker:
    """Marks submissions. Make one a process, in its main thread, and close it.

    Args:
        exercises: the course's.
        key: the course's secret, from which the seeds of hidden checks are made.
        sandbox: what holds learners' code; the best there is if None.
        release: the course's own ``notebooks/``, to tell what is untouched and to find answers by likeness. Never a
            learner's: their answers would look untouched. None where there is no other.
        partial_credit: whether a wrong answer earns what `grader.marking.result.credit` says.
    """

    def __init__(
        self,
        exercises: Catalog,
        *,
        key: bytes = b"",
        sandbox: Sandbox | None = None,
        release: Path | None = None,
        partial_credit: bool = False,
    ) -> None:
        self._exercises = exercises
        self._key = key
        self.sandbox = sandbox or choose()
        self._partial = partial_credit
        self._seed = ""
        self._workers = Workers(self.sandbox)
        self._servers: dict[str, LocalServer] = {}
        self._release = ReleasedFiles(release)

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
        digest = submission.digest()
        marks = Marks(submission.learner, digest, notes=list(submission.notes))
        marks.course, marks.python = grader.__version__, platform.python_version()
        marks.sandbox, marks.advisory = self.sandbox.name, not self.sandbox.trusted
        marks.partial = self._partial
        marks.seed = self._seed = seed_of(self._key, submission.learner, digest)
        again = _PATIENCE
        versions: set[str] = set()
        self._end_servers()
        for notebook in dict.fromkeys(e.notebook for e in asked):
            group = [e for e in asked if e.notebook == notebook]
            found = _Answers(submission, notebook, self._exercises.of_notebook(notebook), self._release)
            name = f"{notebook.rpartition('/')[2]}.ipynb"
            marks.notes += [f"{name}: {note}" for note in found.repaired.notes]
            told = found.repaired.repairs
            marks.repairs |= {e.slug: told[e.slug] for e in group if told.get(e.slug)}
            try:
                results = self._checked(group, found, _SECONDS if again > 0 else PROMISE_SECONDS)
                for e, result in zip(group, results, strict=True):
                    if again > 0 and _in_doubt(result):
                        again -= 1
                        self._end_servers()
                        (result,) = self._checked([e], found, _SECONDS)
                    if self._partial and result.status == "wrong":
                        result.earned = credit(result.promises, result.points)
                    versions |= {".".join(map(str, s.version)) for s in self._servers.values()}
                    marks.results.append(result)
                    if on_result is not None:
                        on_result(result)
            finally:
                found.close()
        marks.redis = ", ".join(sorted(versions))
        marks.seconds = time.perf_counter() - began
        return marks

    def _checked(self, group: Sequence[Exercise], found: _Answers, seconds: float) -> list[ExerciseResult]:
        """The results of exercises of one notebook; whatever fails on our side is an error, not a zero."""
        results = {e.slug: _not_begun(e, sentence) for e in group if (sentence := found.not_begun(e))}
        runs = [
            CheckRun(e, partial(found.of, e, self._workers.start), partial(self._server, e))
            for e in group
            if e.slug not in results
        ]
        note = ""
        try:
            with seeded(self._seed):
                results |= {r.slug: r for r in (run_exercises(runs, seconds) if runs else [])}
        except (ServerError, redis.RedisError, OSError) as error:
            # No Redis, no sandbox or no room for one: not the answer's fault.
            note = f"The grader could not check it: {error}"
        except Exception as error:
            note = f"The grader failed: {type(error).__name__}: {error}"
        failed = {e.slug: ExerciseResult(e.slug, e.title, "error", 0.0, e.points, note=note) for e in group}
        return [results.get(e.slug, failed[e.slug]) for e in group]

    def _server(self, e: Exercise) -> Server:
        """The Redis for an exercise: of the version it needs, where this machine has one."""
        usual = self._servers.get("")
        if usual is None:
            usual = self._servers[""] = redis_in_sandbox(self.sandbox)
        if e.needs is None or at_least(usual.version, e.needs):
            return usual
        if e.needs not in self._servers:
            newer = [b for b in binaries() if at_least(b.version, e.needs)]
            self._servers[e.needs] = redis_in_sandbox(self.sandbox, newer[0]) if newer else usual
        return self._servers[e.needs]

    def close(self) -> None:
        """End what it started."""
        self._workers.close()
        self._end_servers()

    def _end_servers(self) -> None:
        """Nobody gets a Redis that somebody else has had."""
        servers, self._servers = set(self._servers.values()), {}
        for server in servers:
            server.close()

    def __enter__(self) -> Marker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _not_begun(e: Exercise, sentence: str) -> ExerciseResult:
    promise = Promise("answer", "The answer is written.", "broken", "todo", happened=sentence)
    return ExerciseResult(e.slug, e.title, "todo", 0.0, e.points, [promise])


def _in_doubt(result: ExerciseResult) -> bool:
    """Whether it may have been the machine's fault."""
    return result.status == "error" or any(p.kind in _DOUBTFUL for p in result.promises)


class _Answers:
    """The answers of one notebook of a submission: found as data, and run in a worker once one is needed."""

    def __init__(
        self, submission: Submission, notebook: str, exercises: Sequence[Exercise], release: ReleasedFiles
    ) -> None:
        name = f"{notebook}.ipynb"
        folder, _, short = name.rpartition("/")
        held = submission.files.get(name)
        if held is None:
            sentence = f"{short} was not handed in."
            self.repaired = Repaired(missing={e.slug: sentence for e in exercises if e.file is None})
        else:
            self.repaired = answers(held, release(name), exercises, short)
        self._untouched = set(self.repaired.untouched)
        self._missing = dict(self.repaired.missing)
        self._files: dict[str, str] = {}
        for e in exercises:
            if e.file is None:
                continue
            beside = f"{folder}/{e.file}".lstrip("/")
            if beside not in submission.files:
                self._missing[e.slug] = f"{e.file} was not handed in."
                continue
            text = file_answer(submission.files[beside], release(beside))
            self._files[e.file] = text.text
            if text.untouched:
                self._untouched.add(e.slug)
            if text.repairs:
                self.repaired.repairs.setdefault(e.slug, []).extend(text.repairs)
        self._exercises = exercises
        self._short = short
        self._worker: WorkerNotebook | None = None

    def not_begun(self, e: Exercise) -> str:
        """Why there is nothing to check, a sentence; empty if there is."""
        if e.slug in self._untouched:
            return "It is as it was handed out."
        return self._missing.get(e.slug, "")

    def of(self, e: Exercise, start: Start) -> Answer:
        """What the check of `e` may see. Loading the notebook is not part of any promise's time."""
        if self._worker is None:
            self._worker = WorkerNotebook(start, self._short, self.repaired.cells, self._exercises, self._files)
        self._worker.begin()
        return self._worker.answer(e)

    def close(self) -> None:
        """End its worker."""
        if self._worker is not None:
            self._worker.close()
