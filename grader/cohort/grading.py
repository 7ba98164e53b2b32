"""Grade a cohort: every submission in ``submitted/`` marked, its marks kept, the gradebook and ``autograded/`` filled.

The order makes it safe to stop anywhere. Marks are kept first, whole or not at all; then the gradebook's rows are
written in one transaction; then the autograded notebooks are put in place, which carry the fingerprint of their marks.
Whatever is missing behind kept marks is made on the next run, and no submission is marked twice for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from filelock import FileLock, Timeout

from grader.checks import Exercise
from grader.cohort import autograded
from grader.cohort.classroom import Classroom
from grader.cohort.errors import CohortError, LockedError
from grader.cohort.gradebook import GradebookWriter
from grader.cohort.incoming import read_submitted
from grader.cohort.kept import Kept, MarksFolder, course_version, slugs
from grader.cohort.own_servers import is_server
from grader.cohort.releasing import ensure_source
from grader.cohort.task import Batch, Finished, Task, pack
from grader.marking.submission import Submission

Mark = Callable[[Iterable[Task]], Generator[Finished]]
"""How tasks become marks: in job processes, on a cluster, or in a test."""


@dataclass(frozen=True, slots=True)
class Graded:
    """One submission of one assignment after a run.

    `score` is what the gradebook says (manual scores and extra credit included, late penalty not), `possible` all the
    points of the assignment, `late` the seconds it was late, `penalty` points. `kept` says that the marks are of an
    earlier run. `by_hand` names the exercises that wait for a person, `errors` those at which the grader failed;
    `notes` are sentences about the submission, `advisory` says that no sandbox held it.
    """

    week: str
    student: str
    score: float
    possible: float
    late: float = 0.0
    penalty: float = 0.0
    kept: bool = False
    by_hand: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    advisory: bool = False


@dataclass(slots=True)
class Outcome:
    """What a run did; `passed_over` are sentences about folders that are no submission, `other_credit` is how many were
    marked before, with partial credit where this run has none or the other way round."""

    graded: list[Graded] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    other_credit: int = 0


@dataclass(slots=True)
class _Week:
    """One assignment on its way."""

    name: str
    exercises: list[Exercise]
    released: dict[str, Any]
    students: list[str] = field(default_factory=list)
    possible: float = 0.0


def grade(
    room: Classroom,
    weeks: list[str],
    mark: Mark,
    *,
    students: Iterable[str] = (),
    force: bool = False,
    trusted: bool = False,
    partial: bool = False,
    begin: Callable[[int], None] = lambda _: None,
    tell: Callable[[Graded], None] = lambda _: None,
) -> Outcome:
    """Grade `weeks`, or of them only `students`.

    Args:
        room: the course.
        weeks: assignments.
        mark: how tasks become marks.
        students: only these; all that have handed something in for none.
        force: mark again what is marked already.
        trusted: mark again what no sandbox held.
        partial: whether `mark` gives partial credit; what was marked otherwise is marked again.
        begin: told how many submissions there are.
        tell: told of each submission as it reaches the gradebook.

    Raises:
        CohortError: when it cannot go on; what was marked is kept.
    """
    outcome = Outcome()
    with _alone(room), room.gradebook() as book:
        writer = GradebookWriter(room, book)
        plan = [_look(room, writer, week, list(students), outcome) for week in weeks]
        run = _Run(room, writer, {w.name: w for w in plan}, force, trusted, partial, outcome, tell)
        begin(sum(len(week.students) for week in plan))
        todo = run.settle_the_known()
        finished = mark(run.tasks(todo))
        with contextlib.closing(finished):
            for each in finished:
                run.take(each)
        run.settle_the_rest()
    outcome.graded.sort(key=lambda g: (g.week, g.student))
    return outcome


@contextlib.contextmanager
def _alone(room: Classroom) -> Iterator[None]:
    """One run at a time in a course folder."""
    room.own.mkdir(exist_ok=True)
    lock = FileLock(room.own / "grade.lock", timeout=0)
    try:
        with lock:
            yield
    except Timeout:
        raise CohortError("Another `course cohort grade` is at work in this folder. Wait until it has ended.") from None


def _look(room: Classroom, writer: GradebookWriter, week: str, only: list[str], outcome: Outcome) -> _Week:
    exercises = room.assigned(week)
    found, odd = room.students(week)
    outcome.passed_over += [
        f"submitted/{name!r} was passed over: rename it to letters, digits, blanks and . _ - + @ ' only."
        for name in odd
    ]
    if missing := [name for name in only if name not in found]:
        where = room.submitted("NAME", week)
        raise CohortError(f"{', '.join(missing)}: nothing handed in for {week} (looked for {where}).")
    possible = writer.check(week, exercises)
    ensure_source(room, week)
    released = autograded.read_release(room.released(week), exercises, writer.starters(week))
    return _Week(week, exercises, released, [name for name in found if not only or name in only], possible)


class _Run:
    """One run over submissions: what is known, what is to be marked, what still has to reach the gradebook."""

    def __init__(
        self,
        room: Classroom,
        writer: GradebookWriter,
        weeks: dict[str, _Week],
        force: bool,
        trusted: bool,
        partial: bool,
        outcome: Outcome,
        tell: Callable[[Graded], None],
    ) -> None:
        self._room = room
        self._writer = writer
        self._weeks = weeks
        self._force = force
        self._trusted = trusted
        self._partial = partial
        self._outcome = outcome
        self._tell = tell
        self._version = course_version()
        self._marks = MarksFolder(room.own / "marks")
        self._waiting: list[tuple[Kept, bool]] = []

    def settle_the_known(self) -> list[tuple[str, str]]:
        """Settle what is marked already; returns week and student of all others."""
        todo = []
        for week in self._weeks.values():
            partial = self._partial and not is_server(week.name)  # a stage is done or it is not
            for student in week.students:
                kept = self._marks.read(week.name, student)
                self._outcome.other_credit += kept is not None and kept.marks.partial != partial
                if kept is not None and not self._force and not (self._trusted and kept.marks.advisory):
                    submission = self._read(week.name, student)
                    if kept.holds_for(submission.digest(), self._version, slugs(week.exercises), partial):
                        self.settle(kept, submission)
                        continue
                todo.append((week.name, student))
        return todo

    def tasks(self, todo: list[tuple[str, str]]) -> Iterator[Task]:
        """The tasks for `todo`, each read when its turn comes."""
        for week, student in todo:
            yield Task(week, student, pack(self._read(week, student)), slugs(self._weeks[week].exercises))

    def take(self, finished: Finished) -> None:
        """Keep fresh marks, then fill gradebook and folder."""
        task = finished.task
        kept = Kept(task.week, finished.marks, self._version, task.slugs)
        self._marks.write(kept)
        self.settle(kept, task.submission, fresh=True)

    def settle(self, kept: Kept, submission: Submission, *, fresh: bool = False) -> None:
        """Bring gradebook and autograded notebooks to what `kept` says; a locked gradebook waits for the end."""
        if not self._waiting:
            try:
                self._settle(kept, submission, fresh)
                return
            except LockedError:
                pass
        self._waiting.append((kept, fresh))

    def settle_the_rest(self) -> None:
        """Once more what found the gradebook locked.

        Raises:
            CohortError: when it still is.
        """
        for kept, fresh in self._waiting:
            self._settle(kept, self._read(kept.week, kept.marks.learner), fresh)

    def _settle(self, kept: Kept, submission: Submission, fresh: bool) -> None:
        week, student = self._weeks[kept.week], kept.marks.learner
        folder = self._room.autograded(student, kept.week)
        again = fresh and self._force
        if again or not autograded.is_current(folder, kept, week.released) or not self._writer.holds(kept):
            rebuilt = autograded.rebuild(week.released, week.exercises, submission, kept)
            stamp, line = self._timestamp(student, kept.week)
            self._writer.write(kept, stamp, rebuilt.untouched)
            autograded.write(folder, rebuilt, self._files(week, submission, line))
        self._report(kept, fresh)

    def _read(self, week: str, student: str) -> Submission:
        return read_submitted(self._room, student, week)

    def _timestamp(self, student: str, week: str) -> tuple[datetime | None, bytes | None]:
        """When it was handed in, and nbgrader's file that says so."""
        folder = self._room.submitted(student, week)
        try:
            found: datetime | None = self._room.directory.get_existing_timestamp(str(folder))
            return found, (folder / "timestamp.txt").read_bytes() if found is not None else None
        except Exception:
            self._outcome.passed_over.append(
                f"{folder / 'timestamp.txt'} is no date, so {student} counts as handed in without one."
            )
            return None, None

    def _files(self, week: _Week, submission: Submission, timestamp: bytes | None) -> dict[str, bytes]:
        """The files that stand beside the notebooks: those an answer is in, and nbgrader's timestamp."""
        names = {e.file for e in week.exercises if e.file is not None}
        files = {n: submission.files[f"{week.name}/{n}"] for n in names if f"{week.name}/{n}" in submission.files}
        if is_server(week.name):
            files = dict(submission.files)
        return files | ({"timestamp.txt": timestamp} if timestamp is not None else {})

    def _report(self, kept: Kept, fresh: bool) -> None:
        student = kept.marks.learner
        rows = self._writer.rows(kept.week, student)
        late, penalty = self._writer.lateness(kept.week, student)
        slug_of = {f"{e.cell_id}-check": e.slug for e in self._weeks[kept.week].exercises}
        graded = Graded(
            kept.week,
            student,
            sum(row.score for row in rows.values()),
            self._weeks[kept.week].possible,
            late,
            penalty,
            not fresh,
            tuple(sorted(slug_of.get(name, name) for name, row in rows.items() if row.needs)),
            tuple(r.slug for r in kept.marks.results if r.status == "error"),
            tuple(kept.marks.notes),
            kept.marks.advisory,
        )
        self._outcome.graded.append(graded)
        self._tell(graded)


def local(room: Classroom, weeks: list[str], jobs: int, *, sandbox: str = "", partial: bool = False) -> Mark:
    """Mark in `jobs` processes of this machine; `sandbox` and `partial` as in `Batch`."""
    from grader.cohort.jobs import mark_all

    return lambda tasks: mark_all(tasks, jobs, _batch(room, weeks, sandbox, partial))


def on_cluster(
    room: Classroom,
    weeks: list[str],
    address: str,
    jobs: int,
    *,
    sandbox: str = "",
    partial: bool = False,
    warn: Callable[[str], None] = lambda _: None,
) -> Mark:
    """Mark on a dask cluster: ``local`` with `jobs` workers, or a scheduler's address.

    `warn` is told first what a worker says that has no sandbox.
    """
    from grader.cohort.cluster import mark_on_cluster

    return lambda tasks: mark_on_cluster(tasks, address, jobs, _batch(room, weeks, sandbox, partial), warn=warn)


def _batch(room: Classroom, weeks: list[str], sandbox: str, partial: bool) -> Batch:
    files = {
        f"{week}/{path.name}": path.read_bytes()
        for week in weeks
        for path in sorted(room.released(week).iterdir())
        if path.suffix in {".ipynb", ".py"} and path.is_file()
    }
    return Batch(room.key, pack(Submission("release", files)), sandbox, partial)
