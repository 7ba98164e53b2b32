"""What nbgrader needs to know of this course, for `nbgrader_config.py` and for `course build`.

Two traps of nbgrader are closed here. Extra ``.py`` files are released as they are: `clear_python_files` takes the
solutions out. And autograding overwrites a learner's files with those of the source directory: `answer_files` lists
the ones it must leave alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from traitlets.config import Config

COURSE_ID = "redis"
SOURCE_DIRECTORY = "build/source"
RELEASE_DIRECTORY = "notebooks"
STUB = "# Your code here.\nraise NotImplementedError"
_REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*\n?", re.S | re.M)


def clear_text(text: str) -> str:
    """`text` of a Python file with each solution region replaced by the stub, indented as the region was."""

    def stub(match: re.Match[str]) -> str:
        indent = match.group(1)
        return "".join(f"{indent}{line}\n" for line in STUB.split("\n"))

    return _REGION.sub(stub, text)


def clear_python_files(folder: Path) -> list[Path]:
    """Take the solutions out of every ``.py`` file below `folder`; returns the files that had any.

    Raises:
        ValueError: for a file whose markers do not pair up, so that nothing half-cleared is released.
    """
    cleared = []
    for path in sorted(folder.rglob("*.py")):
        old = path.read_text(encoding="utf-8")
        new = clear_text(old)
        if "BEGIN SOLUTION" in new or "END SOLUTION" in new:
            raise ValueError(f"{path.name}: BEGIN SOLUTION and END SOLUTION do not pair up")
        if new != old:
            path.write_text(new, encoding="utf-8")
            cleared.append(path)
    return cleared


def answer_files(source: Path) -> dict[str, list[str]]:
    """For each assignment below `source`, the files a learner writes their answer in, relative to it."""
    found: dict[str, list[str]] = {}
    for assignment in sorted(p for p in source.glob("*") if p.is_dir()):
        files = [p for p in sorted(assignment.rglob("*.py")) if "### BEGIN SOLUTION" in p.read_text(encoding="utf-8")]
        if files:
            found[assignment.name] = [p.relative_to(assignment).as_posix() for p in files]
    return found


def ensure_source(root: Path) -> None:
    """Make the instructor's notebooks in ``build/source`` when they are missing or older than their sources.

    nbgrader reads its configuration in every server it is enabled in: a course without sources (a learner's
    submission, say) is left alone.
    """
    made = root / SOURCE_DIRECTORY
    sources = [p for p in (root / "solutions").rglob("*") if p.is_file()]
    if not sources:
        return
    sources += list((Path(__file__).resolve().parent.parent / "checks").rglob("*.yml"))
    newest = max(p.stat().st_mtime for p in sources)
    stamp = made / ".made"
    if stamp.is_file() and stamp.stat().st_mtime >= newest:
        return
    # A process of its own: authoring is a floor above, and Jupyter's own process stays as it was.
    command = [sys.executable, "-m", "grader.cli", "build", "--sources-only"]
    subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)


def config(root: Path, database: str = "sqlite:///gradebook.db") -> Config:
    """nbgrader's configuration for the course in `root`.

    Args:
        root: the course's folder.
        database: SQLAlchemy URL of the gradebook, relative to `root`.
    """
    # nbgrader takes seconds to import, and clearing a text needs none of it.
    from nbgrader import preprocessors as p

    from grader.authoring.starters import StarterSolutions

    c = Config()
    c.CourseDirectory.root = str(root)
    c.CourseDirectory.course_id = COURSE_ID
    c.CourseDirectory.source_directory = SOURCE_DIRECTORY
    c.CourseDirectory.release_directory = RELEASE_DIRECTORY
    c.CourseDirectory.db_url = database
    c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache", ".course"]
    c.ClearSolutions.code_stub = {"python": STUB}
    c.StarterSolutions.code_stub = {"python": STUB}
    c.ClearSolutions.text_stub = c.StarterSolutions.text_stub = "*Your answer here.*"
    c.GenerateAssignment.preprocessors = [
        p.IncludeHeaderFooter,
        p.LockCells,
        StarterSolutions,
        p.ClearOutput,
        p.CheckCellMetadata,
        p.ComputeChecksums,
        p.SaveCells,
        p.ClearHiddenTests,
        p.ClearMarkScheme,
        p.ComputeChecksums,
        p.CheckCellMetadata,
    ]
    # nbgrader resolves both against its course root, which is also its working directory.
    c.GenerateAssignment.post_convert_hook = lambda **kwargs: _after_release(root, kwargs.get("assignment"))
    c.Autograde.exclude_overwriting = answer_files(root / SOURCE_DIRECTORY)
    c.ExecutePreprocessor.timeout = 120
    return c


def _after_release(root: Path, assignment: str | None) -> None:
    """nbgrader only logs what a hook raises, so a file that cannot be cleared is removed, not released as it is."""
    release = root / RELEASE_DIRECTORY
    folder = release / assignment if assignment else release
    try:
        clear_python_files(folder)
    except ValueError:
        for path in folder.rglob("*.py"):
            if "SOLUTION" in path.read_text(encoding="utf-8"):
                path.unlink()
        raise
