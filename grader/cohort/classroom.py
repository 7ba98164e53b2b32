"""Where a cohort lives: nbgrader's folders and gradebook, as nbgrader's own configuration of the course names them."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from grader.checks import Catalog, Exercise
from grader.cohort.errors import CohortError, of_database
from grader.cohort.own_servers import everything, is_server
from grader.marking.receipts import course_key, make_key

CONFIG = "nbgrader_config.py"
_OWN = ".course"
_KEY = "course.key"
_SUBMITTED = "submitted"
# What may stand in a path, in a URL of formgrader and in HTML without doing anything there.
_STUDENT = re.compile(r"[\w@][\w@.+' -]{0,100}")


def is_student(name: str) -> bool:
    """Whether `name` can be a student's: it becomes a folder, part of a URL, and is shown in pages."""
    return _STUDENT.fullmatch(name) is not None and name == name.strip() and ".." not in name


def key_around(receipts: Path, working: Path, submission: Path | None = None) -> Path | None:
    """The key that a cohort's own folder holds: the nearest such folder around `working`, else the outermost around
    `receipts`.

    Nothing which was handed in brings a key of its own: neither what lies in ``submitted/``, wherever one works, nor
    the `submission` that is marked again.
    """
    receipts, working = receipts.resolve(), working.resolve()
    around = [working, *working.parents, *reversed([receipts, *receipts.parents])]
    theirs = submission.resolve() if submission is not None else None
    found = (
        folder / _OWN / _KEY
        for folder in around
        if (folder / CONFIG).is_file()
        and not any(p.name == _SUBMITTED and (p.parent / CONFIG).is_file() for p in folder.parents)
        and not (theirs is not None and folder.is_relative_to(theirs))
    )
    return next((file for file in found if file.is_file()), None)


class Classroom:
    """One course folder in nbgrader's eyes.

    Args:
        root: the course's folder, with nbgrader's configuration in it.
        exercises: the course's and its stages, for what an assignment is worth.
    """

    def __init__(self, root: Path, exercises: Catalog | None = None) -> None:
        self.root = root.resolve()
        self.exercises = everything() if exercises is None else exercises

    @cached_property
    def config(self) -> Any:
        """nbgrader's configuration: Jupyter's folders first, the course's last, as nbgrader reads them.

        Raises:
            CohortError: without a configuration, or with one that cannot be run.
        """
        from jupyter_core.paths import jupyter_config_path
        from traitlets.config import Config
        from traitlets.config.loader import PyFileConfigLoader

        if not (self.root / CONFIG).is_file():
            raise CohortError(f"{self.root} has no {CONFIG}, so nbgrader does not know this course. Take the course's.")
        settings = Config()
        for folder in [*reversed(jupyter_config_path()), str(self.root)]:
            if (Path(folder) / CONFIG).is_file():
                try:
                    settings.merge(PyFileConfigLoader(CONFIG, path=folder).load_config())
                except Exception as error:
                    where = Path(folder) / CONFIG
                    raise CohortError(f"{where} cannot be read: {type(error).__name__}: {error}") from error
        return settings

    @cached_property
    def directory(self) -> Any:
        """nbgrader's `CourseDirectory`."""
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.config)

    def weeks(self, words: list[str] | None = None) -> list[str]:
        """The assignments that `words` name (``week1``, ``1``, ``miniredis-week1``); all of them for none.

        Raises:
            UnknownExerciseError: for a word that is no week.
        """
        known = [week for week in self.exercises.weeks if self.assigned(week)]
        if not words:
            return known
        chosen = []
        for word in words:
            found = {e.week for e in self.exercises.select([word])}
            if len(found) != 1 or (week := found.pop()) not in known or word not in {week, week.removeprefix("week")}:
                raise CohortError(f"{word!r} is no assignment. There are {', '.join(known)}.")
            chosen.append(week)
        return [week for week in known if week in chosen]

    def assigned(self, week: str) -> list[Exercise]:
        """The exercises of the assignment `week`; the start page belongs to none."""
        return [e for e in self.exercises if e.notebook.startswith(f"{week}/")]

    def submitted(self, student: str, week: str) -> Path:
        """``submitted/NAME/week1``."""
        return self._folder(self.directory.submitted_directory, student, week)

    def autograded(self, student: str, week: str) -> Path:
        """``autograded/NAME/week1``."""
        return self._folder(self.directory.autograded_directory, student, week)

    def feedback(self, student: str, week: str) -> Path:
        """``feedback/NAME/week1``."""
        return self._folder(self.directory.feedback_directory, student, week)

    def released(self, week: str) -> Path:
        """The folder of the released notebooks of `week`; a server's is nobody's to open, so it is not among them."""
        if is_server(week):
            return self.own / "released" / week
        return self._folder(self.directory.release_directory, ".", week)

    def _folder(self, step: str, student: str, week: str) -> Path:
        return Path(os.path.normpath(self.directory.format_path(step, student, week)))

    def students(self, week: str) -> tuple[list[str], list[str]]:
        """Who has something in ``submitted/`` for `week`, and folders whose name cannot be a student's."""
        marker = "\0"
        pattern = self._folder(self.directory.submitted_directory, marker, week)
        at = pattern.parts.index(marker) if marker in pattern.parts else -1
        if at < 0:
            raise CohortError(
                f"CourseDirectory.directory_structure ({pattern}) has no folder of its own for a student."
            )
        top, rest = Path(*pattern.parts[:at]), pattern.parts[at + 1 :]
        names = sorted(
            p.name for p in top.glob("*") if p.is_dir() and not p.is_symlink() and p.joinpath(*rest).is_dir()
        )
        return [n for n in names if is_student(n)], [n for n in names if not is_student(n)]

    @property
    def own(self) -> Path:
        """``.course`` in the course's folder, where marks are kept."""
        return self.root / _OWN

    @property
    def key(self) -> bytes:
        """The course's secret: the one that `course key` made, else one of this folder's own, made when there is none.

        Raises:
            KeyProblemError: when it cannot be used.
        """
        file = self.own / _KEY
        if found := course_key():
            return found
        if not file.exists():
            make_key(file)
        return course_key(file)

    @property
    def database(self) -> str:
        """The gradebook's SQLAlchemy URL, absolute."""
        url: str = self.directory.db_url
        head, _, path = url.partition(":///")
        if head != "sqlite" or not path or path.startswith(("/", "file:")) or path == ":memory:":
            return url
        return f"sqlite:///{self.root / path}"

    @property
    def database_name(self) -> str:
        """The gradebook as the instructor knows it."""
        path = self.database.partition(":///")[2].partition("?")[0].removeprefix("file:")
        with contextlib.suppress(ValueError):
            return str(Path(path).relative_to(self.root))
        return path

    @contextlib.contextmanager
    def gradebook(self) -> Iterator[Any]:
        """nbgrader's `Gradebook`, made when there is none.

        Raises:
            CohortError: when it is locked, read-only, damaged, or the disk is full.
        """
        from nbgrader.api import Gradebook

        with with_alembic():
            try:
                with Gradebook(self.database, self.directory.course_id or "default_course") as book:
                    yield book
            except Exception as error:
                told = of_database(error, self.database_name)
                if told is None:
                    raise
                raise told from error


@contextlib.contextmanager
def with_alembic() -> Iterator[None]:
    """nbgrader runs `alembic` by name: the folder of this Python goes first on PATH, activated or not."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    logging.getLogger("alembic").setLevel(logging.ERROR)
    try:
        yield
    finally:
        os.environ["PATH"] = before
