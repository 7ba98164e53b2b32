"""Grade a submission wherever it lies: a folder or repository, one commit of it, an archive, a week, a notebook.

`course grade` comes here. It is a thin thing: `grader.marking.intake` makes a `Submission` of it, a `Marker` marks
that, and what is added is where each answer is and the receipt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from grader.checks import Catalog, Exercise
from grader.marking.answer_lines import AnswerLines, Place
from grader.marking.intake.archive import read_archive
from grader.marking.intake.folder import read_folder
from grader.marking.intake.limits import ARCHIVE_BYTES, MEGABYTE
from grader.marking.intake.released import ReleasedFiles
from grader.marking.intake.repository import read_repository
from grader.marking.marker import Marker
from grader.marking.place import NotInCourseError, course_folder
from grader.marking.printable import one_line
from grader.marking.receipts import receipt_of
from grader.marking.reports import GradeReport
from grader.marking.result import ExerciseResult
from grader.marking.sandbox import Sandbox
from grader.marking.submission import Submission

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class NothingToGradeError(LookupError):
    """No notebook of the course is in the folder; the message says what was looked for and where."""


def grade(
    path: Path,
    exercises: Catalog,
    wanted: Iterable[Exercise] | None = None,
    on_result: Callable[[ExerciseResult], None] | None = None,
    *,
    key: bytes = b"",
    learner: str = "",
    commit: str = "",
    sandbox: Sandbox | None = None,
    partial: bool = False,
) -> GradeReport:
    """Grade the submission in `path`: a checkout, a ``notebooks/`` folder, one week's folder, one notebook, an archive.

    Args:
        path: where the submission is.
        exercises: the course's.
        wanted: what to grade; if None, all that `path` can hold: a week's folder only its week, a notebook only its
            own exercises. What is missing elsewhere counts as not solved.
        on_result: called with each result as it comes.
        key: the course key, for the seeds of hidden checks and the receipt's signature; empty for none.
        learner: whose it is; the name of the folder if empty.
        commit: read this commit of the repository in `path` instead of its files.
        sandbox: what holds the learner's code; the best there is if None.
        partial: whether there is partial credit.

    Raises:
        NothingToGradeError: when none of the course's notebooks is there.
    """
    path = path.resolve()
    release = release_for(path)
    submission = submission_of(path, exercises, learner=learner, commit=commit, release=release)
    root = _root(path, exercises) if not commit else None
    asked = list(exercises) if wanted is None else list(wanted)
    if wanted is None and root is not None:
        asked = _held(path, root, exercises)
    with Marker(exercises, key=key, sandbox=sandbox, release=release, partial_credit=partial) as marker:
        marks = marker.mark(submission, asked, on_result)
    lines = AnswerLines(submission.files)
    by_slug = {e.slug: e for e in asked}
    places = {}
    for result in marks.results:
        place = lines.place(result, by_slug[result.slug])
        below = f"notebooks/{place.file}" if root is None else _relative(root / place.file, _base(path))
        places[result.slug] = Place(below, place.line)
    named = commit if _HASH.fullmatch(commit) else ""
    return GradeReport(marks, places, named, receipt_of(marks, key=key, files=len(submission.files)))


def submission_of(
    path: Path, exercises: Iterable[Exercise], *, learner: str = "", commit: str = "", release: Path | None = None
) -> Submission:
    """The submission in `path`, as bytes: the same ones for the same place, whatever is to be graded of it.

    Args:
        path: a folder, a notebook, an archive, or with `commit` a repository, bare or not.
        exercises: the course's, or those that are looked for.
        learner: whose it is; the name of the folder if empty.
        commit: read this commit of the repository in `path` instead of its files.
        release: the course's own ``notebooks/``, which helps to choose between copies.

    Raises:
        NothingToGradeError: when nothing the course has a name for is there.
    """
    path = path.resolve()
    shown = one_line(str(path))
    if not path.exists():
        raise NothingToGradeError(f"{shown} does not exist.")
    learner = one_line(learner or path.name.removesuffix(".git"), 200) or "?"
    released = ReleasedFiles(release)
    if commit:
        submission = read_repository(path, commit, learner, exercises, released)
    elif path.is_file() and path.suffix != ".ipynb":
        if path.stat().st_size > ARCHIVE_BYTES:
            raise NothingToGradeError(f"{shown} is larger than {ARCHIVE_BYTES // MEGABYTE} MB, so it was not opened.")
        submission = read_archive(path.read_bytes(), learner, exercises, released)
    else:
        submission = read_folder(path, learner, exercises, released)
    if submission.files:
        return submission
    told = " ".join(submission.notes)
    if commit or path.is_file():
        what = f"commit {one_line(commit, 80)} of {shown}" if commit else shown
        raise NothingToGradeError(f"There is no notebook of the course in {what}. {told}".rstrip())
    submission_root(path, exercises)
    raise NothingToGradeError(f"There is no notebook of the course in {shown} that can be read. {told}".rstrip())


def submission_root(path: Path, wanted: Iterable[Exercise]) -> Path:
    """The folder below which ``week1/02-….ipynb`` and the others lie.

    Raises:
        NothingToGradeError: when it is neither `path`, its ``notebooks/`` nor a folder above that.
    """
    names = sorted({f"{e.notebook}.ipynb" for e in wanted})
    path = path.resolve()
    shown = one_line(str(path))
    if not path.exists():
        raise NothingToGradeError(f"{shown} does not exist.")
    if path.is_file():
        for name in names:
            if path.as_posix().endswith(f"/{name}"):
                return path.parents[name.count("/")]
        raise NothingToGradeError(f"{shown} is none of the notebooks of the course: {_some(names)}.")
    for folder in (path / "notebooks", path, path.parent):
        found = [n for n in names if (folder / n).is_file()]
        if found and (folder != path.parent or any(n.startswith(f"{path.name}/") for n in found)):
            return folder
    raise NothingToGradeError(
        f"There is no notebook of the course in {shown}: looked for {_some(names)} there, in its notebooks/ and "
        "beside it."
    )


def _root(path: Path, exercises: Iterable[Exercise]) -> Path | None:
    """Where the weeks lie in a folder; None where they do not lie as in the course, or in no folder."""
    try:
        return submission_root(path, exercises)
    except NothingToGradeError:
        return None


def release_for(path: Path) -> Path | None:
    """The course's own ``notebooks/``, as handed out: COURSE_FOLDER's, else those of the course we are in; or None.

    Never those that `path` is part of, or that are part of it: a learner's own answers would look untouched.
    """
    try:
        folder = course_folder().resolve()
    except NotInCourseError:
        return None
    path = path.resolve()
    return None if folder.is_relative_to(path) or path.is_relative_to(folder / "notebooks") else folder / "notebooks"


def _held(path: Path, root: Path, exercises: Catalog) -> list[Exercise]:
    """The exercises that `path` can hold, given that `root` is where the weeks lie."""
    if path.is_file():
        return [e for e in exercises if root / f"{e.notebook}.ipynb" == path]
    if path.parent == root and path != root / "notebooks":
        return [e for e in exercises if e.notebook.startswith(f"{path.name}/")]
    return list(exercises)


def _base(path: Path) -> Path:
    """What GitHub counts the paths of files from: the repository around `path`, else the folder itself."""
    folder = path if path.is_dir() else path.parent
    return next((f for f in (folder, *folder.parents) if (f / ".git").exists()), folder)


def _relative(file: Path, base: Path) -> str:
    return file.relative_to(base).as_posix() if file.is_relative_to(base) else file.name


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
