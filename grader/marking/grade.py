"""Grade a submission wherever it lies: a folder or repository, one commit of it, an archive, a week, a notebook.

`course grade` comes here. It is a thin thing: `grader.marking.intake` makes a `Submission` of it, a `Marker` marks
that, and what is added is where each answer is and the receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from grader.checks import Catalog, Exercise
from grader.marking.answer_lines import AnswerLines, Place
from grader.marking.marker import Marker
from grader.marking.printable import one_line
from grader.marking.receipts import receipt_of
from grader.marking.reports import GradeReport
from grader.marking.result import ExerciseResult
from grader.marking.submission import Submission


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

    Raises:
        NothingToGradeError: when none of the course's notebooks is there.
    """
    path = path.resolve()
    named = list(wanted) if wanted is not None else None
    root = submission_root(path, exercises if named is None else named)
    asked = named if named is not None else _held(path, root, exercises)
    submission = submission_of(path, asked, learner=learner, commit=commit)
    with Marker(exercises, key=key) as marker:
        marks = marker.mark(submission, asked, on_result)
    base = _base(path)
    lines = AnswerLines(submission.files)
    by_slug = {e.slug: e for e in asked}
    places = {}
    for result in marks.results:
        place = lines.place(result, by_slug[result.slug])
        places[result.slug] = Place(_relative(root / place.file, base), place.line)
    return GradeReport(marks, places, commit, receipt_of(marks, key=key, files=len(submission.files)))


def submission_of(path: Path, exercises: Iterable[Exercise], *, learner: str = "", commit: str = "") -> Submission:
    """The submission in `path`, as bytes.

    Args:
        path: as for `grade`.
        exercises: those whose notebooks are looked for.
        learner: whose it is; the name of the folder if empty.
        commit: read this commit of the repository in `path` instead of its files.

    Raises:
        NothingToGradeError: when none of the course's notebooks is there.
    """
    root = submission_root(path, exercises)
    return Submission(learner or one_line(path.name, 200) or "?", _files(root))


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


def _files(root: Path) -> dict[str, bytes]:
    return {
        p.relative_to(root).as_posix(): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.suffix in {".ipynb", ".py"} and p.is_file() and not p.is_symlink()
    }
