"""What is in ``submitted/`` as a `Submission`: regular files of a bounded size, read and nothing else."""

from __future__ import annotations

import contextlib
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from grader.marking.submission import Submission

MOST_FILES = 500
MOST_BYTES = 50_000_000
_PASSED_OVER = {"timestamp.txt", "submission_secret.txt"}


def read_submitted(folder: Path, learner: str, week: str) -> Submission:
    """The submission in ``submitted/NAME/week1``; its files are named ``week1/…``, as they are for an empty `week`."""
    files: dict[str, bytes] = {}
    notes: list[str] = []
    total = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        for name in sorted(names):
            path = Path(place) / name
            inside = path.relative_to(folder).as_posix()
            if inside in _PASSED_OVER:
                continue
            data = _regular(path, MOST_BYTES - total) if len(files) < MOST_FILES else None
            if data is None:
                notes.append(f"{inside} was passed over: not a regular file, or more than a submission may hold.")
                continue
            total += len(data)
            files[f"{week}/{inside}" if week else inside] = data
    return Submission(learner, files, tuple(notes))


def unfolded(folder: Path, learner: str) -> Submission:
    """A folder of a learner's as it is: names below it, and bytes."""
    return read_submitted(folder, learner, "")


def archived(path: Path, learner: str) -> Submission:
    """What a learner's archive holds, read into memory: regular files, no more than a submission may hold."""
    files: dict[str, bytes] = {}
    notes: list[str] = []
    total = 0
    try:
        for name, member in _members(path):
            data = member.read(MOST_BYTES - total + 1)
            if len(files) >= MOST_FILES or total + len(data) > MOST_BYTES:
                notes.append(f"{path.name} holds more than a submission may: the rest of it was passed over.")
                break
            total += len(data)
            files[name] = data
    except (
        zipfile.BadZipFile,
        tarfile.TarError,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ) as e:
        notes.append(f"{path.name} could not be read to its end as an archive ({e}).")
    return Submission(learner, files, tuple(notes))


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    if path.name.lower().endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                kind = stat.S_IFMT(info.external_attr >> 16)
                if not info.is_dir() and kind in {0, stat.S_IFREG}:
                    with archive.open(info) as member:
                        yield info.filename, member
        return
    with contextlib.closing(tarfile.open(path, "r:*")) as tar:
        for about in tar:
            found = tar.extractfile(about) if about.isreg() else None
            if found is not None:
                yield about.name.removeprefix("./"), found


def _regular(path: Path, most: int) -> bytes | None:
    """The bytes of a regular file that is no link; None for anything else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > most:
            return None
        data = file.read(most + 1)
        return data if len(data) <= most else None
