"""Receipts of a cohort's marks, for `course verify`: one file a submission, signed with the course's key."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.cohort.classroom import Classroom
from grader.cohort.incoming import read_submitted
from grader.cohort.kept import MarksFolder, course_version, write_whole
from grader.marking.receipts import receipt_of, seed_of, to_text


def write_receipts(room: Classroom, weeks: Iterable[str], folder: Path) -> tuple[list[Path], list[str]]:
    """Write ``FOLDER/week1/NAME.receipt.json`` for all marks that are kept.

    Returns:
        The files, and a sentence for each submission whose marks are out of date and got none.

    Raises:
        CohortError: when a file cannot be written.
        KeyProblemError: when the course's key cannot be used.
    """
    key, written, stale = room.key, [], []
    for kept in MarksFolder(room.own / "marks").all(weeks):
        submission = read_submitted(room, kept.marks.learner, kept.week)
        whose = f"{kept.week} of {kept.marks.learner}"
        if kept.course != course_version():
            stale.append(f"{whose} was marked with another version of the course: grade it again.")
        elif submission.digest() != kept.marks.digest:
            stale.append(f"{whose} was handed in anew after it was marked: grade it again.")
        elif kept.marks.seed not in {"", seed_of(key, kept.marks.learner, kept.marks.digest)}:
            stale.append(f"{whose} was marked with another course key: take that one, or grade it again with --force.")
        else:
            path = folder / kept.week / f"{kept.marks.learner}.receipt.json"
            receipt = receipt_of(kept.marks, key=key, files=len(submission.files))
            write_whole(path, to_text(receipt).encode("ascii"))
            written.append(path)
    return written, stale
