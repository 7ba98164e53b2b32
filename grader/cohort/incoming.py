"""What is in ``submitted/`` as a `Submission`: regular files of a bounded size, read and nothing else."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from grader.marking.submission import Submission

MOST_FILES = 500
MOST_BYTES = 50_000_000
_PASSED_OVER = {"timestamp.txt", "submission_secret.txt"}


def read_submitted(folder: Path, learner: str, week: str) -> Submission:
    """The submission in ``submitted/NAME/week1``; its files are named ``week1/…``."""
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
            files[f"{week}/{inside}"] = data
    return Submission(learner, files, tuple(notes))


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
