"""One submission on its way to be marked: bytes and text there, JSON text back. Nothing is pickled by us, whether it
travels to a process of this machine or to a dask worker."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from grader.checks import Catalog
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult
from grader.marking.submission import Submission

_SIZE = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Task:
    """A submission, packed, and the exercises to mark in it."""

    week: str
    learner: str
    packed: bytes
    slugs: tuple[str, ...]

    @property
    def submission(self) -> Submission:
        """What is to be marked."""
        return unpack(self.packed)


@dataclass(frozen=True, slots=True)
class Batch:
    """What is the same for all tasks of a run.

    `key` is the course's secret, from which hidden checks draw their numbers; `release` the released notebooks, packed
    as a submission is. `sandbox` is what ``--sandbox`` asked for, or empty, `partial` whether there is partial credit.
    """

    key: bytes
    release: bytes
    sandbox: str = ""
    partial: bool = False

    def head(self) -> dict[str, Any]:
        """All but the release, for JSON."""
        return {"key": self.key.hex(), "sandbox": self.sandbox, "partial": self.partial}

    @classmethod
    def of(cls, head: dict[str, Any], release: bytes) -> Batch:
        """The inverse of `head`."""
        return cls(bytes.fromhex(head["key"]), release, head["sandbox"], head["partial"])


@dataclass(frozen=True, slots=True)
class Finished:
    """A task and its marks."""

    task: Task
    marks: Marks


def pack(submission: Submission) -> bytes:
    """`submission` as bytes: the length of a JSON header, the header, all files one after another."""
    names = sorted(submission.files)
    header = {
        "learner": submission.learner,
        "notes": list(submission.notes),
        "files": [[name, len(submission.files[name])] for name in names],
    }
    head = json.dumps(header).encode("ascii")
    return b"".join([_SIZE.pack(len(head)), head, *(submission.files[name] for name in names)])


def unpack(data: bytes) -> Submission:
    """The inverse of `pack`."""
    (size,) = _SIZE.unpack_from(data)
    at = _SIZE.size + size
    header = json.loads(data[_SIZE.size : at])
    files = {}
    for name, length in header["files"]:
        files[name] = data[at : at + length]
        at += length
    return Submission(header["learner"], files, tuple(header["notes"]))


def marks_after_failure(
    task: Task, exercises: Catalog, found: Iterable[ExerciseResult], course: str, sentence: str
) -> Marks:
    """The marks of a submission that could not be marked to its end: what was found, and grader errors for the rest."""
    submission = task.submission
    known = {r.slug: r for r in found}
    marks = Marks(task.learner, submission.digest(), notes=[*submission.notes, sentence], course=course)
    for e in (exercises[slug] for slug in task.slugs):
        failed = ExerciseResult(e.slug, e.title, "error", 0.0, e.points, note=sentence)
        marks.results.append(known.get(e.slug, failed))
    return marks
