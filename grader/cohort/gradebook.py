"""Marks into nbgrader's gradebook: the same rows that `nbgrader autograde` writes, in one short transaction a
submission, by one writer.

What a person gave in formgrader (a manual score, extra credit, a comment) is never touched. A grader error and an
exercise that this Redis could not judge have no automatic score and need manual grading: the gradebook has no third
verdict, and neither nothing nor all of the points was earned.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grader.checks import Exercise
from grader.cohort.classroom import Classroom
from grader.cohort.errors import CohortError, of_database
from grader.cohort.kept import Kept
from grader.marking.result import ExerciseResult

_UNJUDGED = {"error", "skipped"}
NO_RESPONSE = "No response."
"""What nbgrader says of an answer that was not touched."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the gradebook holds for a check: scores in points."""

    auto: float | None
    manual: float | None
    extra: float | None
    needs: bool

    @property
    def score(self) -> float:
        """What counts."""
        return (self.manual if self.manual is not None else self.auto or 0.0) + (self.extra or 0.0)


class GradebookWriter:
    """Writes marks to an open gradebook.

    Args:
        room: the course.
        book: nbgrader's `Gradebook`.
    """

    def __init__(self, room: Classroom, book: Any) -> None:
        self._room = room
        self._book = book
        self._penalty: Any = None

    def check(self, week: str, exercises: Iterable[Exercise]) -> float:
        """See that the gradebook can be written and knows the assignment as the course does.

        Returns:
            All points of the assignment, written answers included.

        Raises:
            CohortError: when not, before anything was marked.
        """
        self._probe()
        points = self.points(week)
        if not points:
            raise CohortError(f"The gradebook does not know {week} yet. Run `course cohort release {week}` first.")
        for e in exercises:
            if e.points and points.get(f"{e.cell_id}-check") != e.points:
                raise CohortError(
                    f"The gradebook has other points for {e.slug} than the course ({e.points}): it was released from "
                    f"another version. Run `course cohort release {week}`."
                )
        return sum(points.values())

    def points(self, week: str) -> dict[str, float]:
        """What each graded cell of an assignment is worth, by its name; empty when the gradebook has no such one."""
        from nbgrader.api import Assignment, GradeCell, Notebook

        with self._told():
            found = (
                self._book.db.query(GradeCell.name, GradeCell.max_score)
                .join(Notebook, Notebook.id == GradeCell.notebook_id)
                .join(Assignment, Assignment.id == Notebook.assignment_id)
                .filter(Assignment.name == week)
            )
            return dict(found.all())

    def starters(self, week: str) -> dict[str, str]:
        """What was released in each cell of nbgrader's, by its name."""
        from nbgrader.api import Assignment, Notebook, SourceCell

        with self._told():
            found = (
                self._book.db.query(SourceCell.name, SourceCell.source)
                .join(Notebook, Notebook.id == SourceCell.notebook_id)
                .join(Assignment, Assignment.id == Notebook.assignment_id)
                .filter(Assignment.name == week)
            )
            return {name: source or "" for name, source in found.all()}

    def students(self, week: str) -> list[str]:
        """Who has a submission of `week` in the gradebook, by name."""
        from nbgrader.api import Assignment, SubmittedAssignment

        with self._told():
            found = (
                self._book.db.query(SubmittedAssignment.student_id)
                .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
                .filter(Assignment.name == week)
            )
            return sorted(student for (student,) in found)

    def _probe(self) -> None:
        """Whether a write would go through: one that changes nothing, and is taken back."""
        if self._book.engine.dialect.name != "sqlite":
            return
        with self._told():
            connection = self._book.engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("BEGIN IMMEDIATE")
                cursor.execute("UPDATE course SET id = id")
                connection.rollback()
            finally:
                connection.close()

    def write(self, kept: Kept, timestamp: datetime | None, untouched: set[str]) -> None:
        """Write the marks of a submission, as nbgrader's autograde does.

        A grade that a person has given stays and is marked for review, for what it was given to may be another answer.

        Args:
            kept: its marks.
            timestamp: when it was handed in, in UTC; the one that is there stays for None.
            untouched: ids of the answer cells that are as they were released.

        Raises:
            CohortError: when the gradebook cannot be written; nothing of this transaction is in it then.
        """
        book, week, student = self._book, kept.week, kept.marks.learner
        with self._told():
            submission = self._submission(week, student)
            if timestamp is not None:
                submission.timestamp = timestamp
            results = self._results(kept)
            for grade, name in self._grades(submission.id):
                if name in results:
                    grade.auto_score = _score(results[name])
                else:  # a written answer: a person marks it, unless there is none
                    grade.auto_score = 0.0 if name in untouched else None
                grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
            for comment, name in self._comments(submission.id):
                comment.auto_comment = NO_RESPONSE if name in untouched else None
            book.db.flush()
            book.db.expire_all()
            self._assign_penalties(submission)
            book.db.commit()

    def _submission(self, week: str, student: str) -> Any:
        """The row of a submission. A new one mirrors the assignment as nbgrader's `add_submission` does, which commits
        in between and takes ten times as long."""
        from nbgrader.api import (
            BaseCell,
            Comment,
            Grade,
            MissingEntry,
            Notebook,
            Student,
            SubmittedAssignment,
            SubmittedNotebook,
            new_uuid,
        )

        db = self._book.db
        try:
            return self._book.find_submission(week, student)
        except MissingEntry:
            pass
        if db.get(Student, student) is None:
            db.add(Student(id=student))
        assignment = self._book.find_assignment(week).id
        made = SubmittedAssignment(id=new_uuid(), assignment_id=assignment, student_id=student)
        db.add(made)
        places = {id_: new_uuid() for (id_,) in db.query(Notebook.id).filter(Notebook.assignment_id == assignment)}
        db.add_all(SubmittedNotebook(id=own, notebook_id=id_, assignment_id=made.id) for id_, own in places.items())
        cells = db.query(BaseCell.id, BaseCell.type, BaseCell.notebook_id).filter(BaseCell.notebook_id.in_(places))
        for cell, kind, notebook in cells.all():
            if kind in {"GradeCell", "TaskCell"}:
                db.add(Grade(cell_id=cell, notebook_id=places[notebook]))
            if kind in {"SolutionCell", "TaskCell"}:
                db.add(Comment(cell_id=cell, notebook_id=places[notebook]))
        db.flush()
        return made

    def holds(self, kept: Kept) -> bool:
        """Whether the gradebook holds these automatic scores already."""
        rows, results = self.rows(kept.week, kept.marks.learner), self._results(kept)
        return bool(rows) and all(
            row.auto == _score(results[name]) and (row.auto is None or row.manual is not None or not row.needs)
            for name, row in rows.items()
            if name in results
        )

    def rows(self, week: str, student: str) -> dict[str, Row]:
        """What the gradebook holds for a student, by the cell's name; empty when there is nothing."""
        from nbgrader.api import MissingEntry

        with self._told():
            try:
                submission = self._book.find_submission(week, student)
            except MissingEntry:
                return {}
            return {
                name: Row(g.auto_score, g.manual_score, g.extra_credit, bool(g.needs_manual_grade))
                for g, name in self._grades(submission.id)
            }

    def lateness(self, week: str, student: str) -> tuple[float, float]:
        """By how many seconds a submission was late, and how many points that cost."""
        with self._told():
            submission = self._book.find_submission(week, student)
            return submission.total_seconds_late, submission.late_submission_penalty or 0.0

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What the database refuses as a sentence; a transaction that was begun is given up."""
        log = logging.getLogger("tornado.application")
        before = log.level
        log.setLevel(logging.CRITICAL)  # nbgrader logs a traceback before it raises
        try:
            yield
        except Exception as error:
            self._book.db.rollback()
            told = of_database(error, self._room.database_name)
            if told is None:
                raise
            raise told from error
        finally:
            log.setLevel(before)

    def _results(self, kept: Kept) -> dict[str, ExerciseResult]:
        cells = {e.slug: f"{e.cell_id}-check" for e in self._room.assigned(kept.week)}
        return {cells[r.slug]: r for r in kept.marks.results if r.slug in cells}

    def _grades(self, submission: str) -> list[tuple[Any, str]]:
        from nbgrader.api import BaseCell, Grade, SubmittedNotebook

        found = (
            self._book.db.query(Grade, BaseCell.name)
            .join(BaseCell, BaseCell.id == Grade.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
            .filter(SubmittedNotebook.assignment_id == submission)
        )
        return [(grade, name) for grade, name in found]

    def _comments(self, submission: str) -> list[tuple[Any, str]]:
        from nbgrader.api import BaseCell, Comment, SubmittedNotebook

        found = (
            self._book.db.query(Comment, BaseCell.name)
            .join(BaseCell, BaseCell.id == Comment.cell_id)
            .join(SubmittedNotebook, SubmittedNotebook.id == Comment.notebook_id)
            .filter(SubmittedNotebook.assignment_id == submission)
        )
        return [(comment, name) for comment, name in found]

    def _assign_penalties(self, submission: Any) -> None:
        """nbgrader's own late penalty plugin, asked as nbgrader asks it."""
        from nbgrader.preprocessors import AssignLatePenalties

        if self._penalty is None:
            self._penalty = AssignLatePenalties(config=self._room.config)
            self._penalty.init_plugin()
        late = submission.total_seconds_late
        for notebook in submission.notebooks:
            penalty = None
            if late > 0:
                penalty = self._penalty.plugin_inst.late_submission_penalty(submission.student.id, notebook.score, late)
            if penalty is not None:
                penalty = self._penalty._check_late_penalty(notebook, penalty)
            notebook.late_submission_penalty = penalty


def _score(result: ExerciseResult) -> float | None:
    return None if result.status in _UNJUDGED else float(result.earned)
