"""What is in ``submitted/`` as a `Submission`: read as data, by the rules of `grader.marking.intake`."""

from __future__ import annotations

from collections.abc import Iterable

from grader.cohort.classroom import Classroom
from grader.cohort.own_servers import is_server, only_server
from grader.marking.intake import ReleasedFiles, read_folder
from grader.marking.submission import Submission


def read_submitted(room: Classroom, student: str, week: str) -> Submission:
    """The submission in ``submitted/NAME/week1``; its files are named ``week1/…``, a server's ``miniredis/…``."""
    if is_server(week):
        return only_server(read_folder(room.submitted(student, week), student, [], within=room.root))
    return read_folder(
        room.submitted(student, week), student, room.assigned(week), released(room, week), within=room.root
    )


def released(room: Classroom, week: str) -> ReleasedFiles:
    """The released notebooks, to tell what a learner has changed."""
    return ReleasedFiles(room.released(week).parent)


def all_submitted(room: Classroom, weeks: Iterable[str]) -> dict[str, Submission]:
    """Everybody's files of `weeks`, all weeks together, by name."""
    files: dict[str, dict[str, bytes]] = {}
    for week in weeks:
        for student in room.students(week)[0]:
            files.setdefault(student, {}).update(read_submitted(room, student, week).files)
    return {student: Submission(student, files[student]) for student in sorted(files)}
