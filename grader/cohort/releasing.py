"""Release an assignment: its notebooks are as `course build` leaves them, its cells and points enter the gradebook.

nbgrader's own generate step writes the gradebook's rows; it runs in a folder of its own, so that nothing which a person
works on in ``notebooks/`` is removed.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from grader.cohort.classroom import Classroom, with_alembic
from grader.cohort.errors import CohortError, of_database
from grader.cohort.gradebook import GradebookWriter
from grader.cohort.own_servers import NOTEBOOK, is_server, source_notebook


def release(room: Classroom, weeks: list[str], due: datetime | None = None) -> dict[str, float]:
    """Enter `weeks` into the gradebook, with the points that the course says.

    Args:
        room: the course; its sources are in ``build/source``.
        weeks: assignments.
        due: when they have to be handed in (with a time zone); what is there stays for None.

    Returns:
        All points of each week as the gradebook has them, those for written answers included.

    Raises:
        CohortError: when nbgrader refuses, or the gradebook cannot be written.
    """
    possible = {}
    with room.gradebook() as book:
        writer = GradebookWriter(room, book)
        for week in weeks:
            ensure_source(room, week)
            _generate(room, week)
            book.db.expire_all()
            possible[week] = writer.check(week, room.assigned(week))
            if due is not None:
                book.update_or_create_assignment(week, duedate=due.astimezone(UTC).replace(tzinfo=None))
    return possible


def ensure_source(room: Classroom, week: str) -> None:
    """Make the source of a server's assignment where it is missing: formgrader lists what has one. That of notebooks
    comes from ``solutions/`` (`grader.authoring.build`), which may have swept this one away."""
    if is_server(week):
        folder = Path(room.directory.format_path(room.directory.source_directory, ".", week))
        folder.mkdir(parents=True, exist_ok=True)
        text = source_notebook(week, room.assigned(week))
        (folder / f"{NOTEBOOK}.ipynb").write_text(text, encoding="utf-8")


def due_date(text: str) -> datetime:
    """``2026-12-01``, ``2026-12-01 18:00`` or with a zone (``2026-12-01T18:00+01:00``); a day ends at 23:59:59, and a
    time without a zone is this machine's.

    Raises:
        CohortError: for anything else.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise CohortError(f"{text!r} is no date. Write 2026-12-01, or 2026-12-01 18:00, or with +01:00.") from None
    if len(text.strip()) == len("2026-12-01"):
        found = found.replace(hour=23, minute=59, second=59)
    return found.astimezone()


def _generate(room: Classroom, week: str) -> None:
    """nbgrader's generate step for one week, with the course's gradebook and in another folder."""
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    source = Path(room.directory.format_path(room.directory.source_directory, ".", week))
    if not source.is_dir():
        raise CohortError(f"{source} is missing: this copy of the course has no sources to release {week} from.")
    with tempfile.TemporaryDirectory(prefix="course-release-") as temporary, with_alembic():
        work = Path(temporary)
        shutil.copytree(source, work / "source" / week)
        settings = room.config.copy()
        settings.CourseDirectory.root = str(work)
        settings.CourseDirectory.source_directory = "source"
        settings.CourseDirectory.release_directory = "release"
        settings.CourseDirectory.directory_structure = "{nbgrader_step}/{student_id}/{assignment_id}"
        settings.CourseDirectory.db_url = room.database
        settings.GenerateAssignment.post_convert_hook = _nothing
        api = NbGraderAPI(CourseDirectory(config=settings), config=settings, log_level=logging.ERROR)
        done = api.generate_assignment(week, force=True)
        if done["success"] and is_server(week):
            shutil.rmtree(room.released(week), ignore_errors=True)
            shutil.copytree(work / "release" / week, room.released(week))
    if not done["success"]:
        told = str(done.get("log") or done.get("error") or "")
        if "submissions associated" in told:
            raise CohortError(
                f"{week} has other cells or notebooks than the gradebook knows, and there are submissions already, so "
                "nbgrader refuses. Keep the released version, or begin with a new gradebook."
            )
        for sentence in ("database is locked", "readonly database", "database or disk is full"):
            if sentence in f"{told}{done.get('error')}":
                raise of_database(sqlite3.OperationalError(sentence), room.database_name) or CohortError(sentence)
        raise CohortError(f"nbgrader could not release {week}:\n{done.get('error')}\n{done.get('log')}")


def _nothing(**_about: object) -> None:
    """What is made here is thrown away: no file has to be cleared."""
