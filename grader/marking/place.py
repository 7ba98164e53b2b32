"""Where the course is: the folder that holds `modules/` and `notebooks/`."""

from __future__ import annotations

import os
from pathlib import Path


class NotInCourseError(LookupError):
    """No course folder was found; the message says where it was looked for."""


def course_folder(start: Path | None = None) -> Path:
    """The course folder: `COURSE_FOLDER`, else `start` (the working directory) or the nearest folder above it.

    Raises:
        NotInCourseError: when none of them is one.
    """
    named = os.environ.get("COURSE_FOLDER")
    if named:
        folder = Path(named).expanduser().resolve()
        if is_course(folder):
            return folder
        raise NotInCourseError(f"COURSE_FOLDER is {folder}, which has no modules/ and notebooks/ in it.")
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if is_course(folder):
            return folder
    raise NotInCourseError(
        f"This is not inside a course folder: looked for modules/ and notebooks/ in {start} and every folder above it. "
        "Go to the folder you cloned, or set COURSE_FOLDER to it."
    )


def is_course(folder: Path) -> bool:
    """Whether `folder` looks like a checkout of the course."""
    return (folder / "modules").is_dir() and (folder / "notebooks").is_dir()
