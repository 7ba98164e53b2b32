"""The door a submission comes in by: a folder, an archive or a repository becomes names and bytes, a notebook cells.

Nothing of a learner's is run, imported, unpacked to a disk or believed here; what is damaged is repaired, what is
refused is told in a sentence, and nothing raises for what a stranger can cause.
"""

from grader.marking.intake.archive import read_archive
from grader.marking.intake.folder import read_folder
from grader.marking.intake.released import ReleasedFiles
from grader.marking.intake.repair import FileAnswer, Repaired, answers, file_answer
from grader.marking.intake.repository import read_repository

__all__ = [
    "FileAnswer",
    "ReleasedFiles",
    "Repaired",
    "answers",
    "file_answer",
    "read_archive",
    "read_folder",
    "read_repository",
]
