"""The marks of every submission, kept as JSON in ``.course/marks/``: what makes a second `grade` go on where the first
one was, and what reports are made from.

A file is there whole or not at all: it is written under another name, forced to the disk, and renamed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import grader
from grader.checks import Exercise
from grader.cohort.errors import of_disk
from grader.marking.marks import Marks

FORMAT = 1
# What decides a verdict; the command line, pages and builds do not.
_DECIDES = ("checks", "inside", "marking", "servers", "wire")


@dataclass(frozen=True, slots=True)
class Kept:
    """Marks as they were kept: `course` is the course's version that gave them, `exercises` the slugs asked for."""

    week: str
    marks: Marks
    course: str
    exercises: tuple[str, ...]

    def holds_for(self, digest: str, course: str, exercises: Iterable[str], partial: bool) -> bool:
        """Whether marking again would say the same: same submission, course, exercises and rule of partial credit, and
        no grader error."""
        return (
            self.marks.digest == digest
            and self.marks.partial == partial
            and self.course == course
            and self.exercises == tuple(exercises)
            and all(r.status != "error" for r in self.marks.results)
        )

    def fingerprint(self) -> str:
        """Of all that gradebook and autograded notebook show of these marks, not of how long it took."""
        data = self.marks.to_dict()
        for name in ("seconds", "course", "python", "redis"):
            data.pop(name)
        for result in data["results"]:
            result.pop("seconds")
        text = json.dumps([FORMAT, self.week, self.exercises, data], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


class MarksFolder:
    """The kept marks of a course, ``.course/marks/week1/NAME.json``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, week: str, student: str) -> Path:
        """Where the marks of one submission are."""
        return self.folder / week / f"{student}.json"

    def read(self, week: str, student: str) -> Kept | None:
        """The marks of one submission; None when there are none that can be read."""
        try:
            return _decode(self.path(week, student).read_bytes())
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, kept: Kept) -> Path:
        """Keep marks; they are on the disk when this returns.

        Raises:
            CohortError: when the disk is full or may not be written.
        """
        path = self.path(kept.week, kept.marks.learner)
        data = {
            "format": FORMAT,
            "week": kept.week,
            "course": kept.course,
            "exercises": list(kept.exercises),
            "marks": kept.marks.to_dict(),
        }
        write_whole(path, json.dumps(data, indent=1).encode() + b"\n")
        return path

    def all(self, weeks: Iterable[str]) -> Iterator[Kept]:
        """All kept marks of `weeks`, by week and name."""
        for week in weeks:
            for path in sorted((self.folder / week).glob("*.json")):
                kept = self.read(week, path.stem)
                if kept is not None:
                    yield kept


def _decode(data: bytes) -> Kept:
    found: dict[str, Any] = json.loads(data)
    if found["format"] != FORMAT:
        raise ValueError("another format")
    return Kept(found["week"], Marks.from_dict(found["marks"]), found["course"], tuple(found["exercises"]))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or this machine after a power cut, sees all of it or what was there before.

    Raises:
        CohortError: when the disk is full or may not be written; nothing is left behind then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        told = of_disk(error, str(path))
        if told is None:
            raise
        raise told from error


def _sync_folder(folder: Path) -> None:
    """The rename itself has to reach the disk; where folders cannot be opened, the system does it by itself."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def slugs(exercises: Iterable[Exercise]) -> tuple[str, ...]:
    """The slugs of `exercises`."""
    return tuple(e.slug for e in exercises)


@lru_cache(maxsize=1)
def course_version() -> str:
    """The version of everything that decides a verdict: the release's number and a digest of the code behind it."""
    top = Path(grader.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for room in _DECIDES for p in (top / room).rglob("*") if p.suffix in {".py", ".yml"}):
        name, data = path.relative_to(top).as_posix().encode(), path.read_bytes()
        for part in (name, data):
            digest.update(len(part).to_bytes(8, "big") + part)
    return f"{grader.__version__}+{digest.hexdigest()[:16]}"
