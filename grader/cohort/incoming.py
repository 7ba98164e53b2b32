"""What is in ``submitted/`` as a `Submission`: read as data, by the rules of `grader.marking.intake`."""

from __future__ import annotations

from grader.cohort.classroom import Classroom
from grader.marking.intake import ReleasedFiles, read_folder
from grader.marking.submission import Submission


def read_submitted(room: Classroom, student: str, week: str) -> Submission:
    """The submission in ``submitted/NAME/week1``; its files are named ``week1/…``."""
    return read_folder(
        room.submitted(student, week), student, room.assigned(week), released(room, week), within=room.root
    )


def released(room: Classroom, week: str) -> ReleasedFiles:
    """The released notebooks, to tell what a learner has changed."""
    return ReleasedFiles(room.released(week).parent)
