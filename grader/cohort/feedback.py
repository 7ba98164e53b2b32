"""Feedback pages: nbgrader's own `generate_feedback` over the autograded notebooks, with the gradebook's points."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from grader.cohort.classroom import Classroom, with_alembic
from grader.cohort.errors import CohortError


def feedback(
    room: Classroom,
    weeks: list[str],
    students: Iterable[str] = (),
    *,
    force: bool = True,
    tell: Callable[[str, str], None] = lambda _week, _student: None,
) -> int:
    """Make ``feedback/NAME/week1/*.html``.

    Args:
        room: the course.
        weeks: assignments.
        students: only these; all who are graded for none.
        force: make pages anew that are there; a comment or score given since is in the new ones.
        tell: told of each week and student before their pages are made.

    Returns:
        For how many submissions pages were made.

    Raises:
        CohortError: when nbgrader could not make one.
    """
    from nbgrader.apps import NbGraderAPI

    only = list(students)
    api = NbGraderAPI(room.directory, config=room.config, log_level=logging.ERROR)
    made = 0
    with with_alembic():
        for week in weeks:
            for student in room.students(week)[0]:
                if (only and student not in only) or not room.autograded(student, week).is_dir():
                    continue
                tell(week, student)
                done = api.generate_feedback(week, student, force=force)
                if not done["success"]:
                    told = (done.get("log") or done.get("error") or "").strip()
                    raise CohortError(f"nbgrader could not make the feedback of {student} for {week}:\n{told}")
                made += 1
    return made
