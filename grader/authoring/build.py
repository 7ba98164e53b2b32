"""Build ``notebooks/`` from ``solutions/``: expand the text notebooks, then nbgrader's own generate step.

`course build` writes, `course build --check` compares. The same input gives the same bytes on every run and Python.
"""

from __future__ import annotations

import datetime
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from grader.authoring import release
from grader.authoring.expand import expand, serialise
from grader.authoring.starter_server import starter_files
from grader.checks import Catalog, catalog
from grader.checks.stages.reference import PACKAGE

_START = "start"


class BuildError(RuntimeError):
    """The build cannot go on; the message says which file and why."""


@dataclass(slots=True)
class BuildReport:
    """What a build did: relative paths of files written, removed, or (for a comparison) differing.

    `kept` is the folder that holds what was written over and git did not have; None when nothing was.
    """

    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    kept: Path | None = None

    @property
    def clean(self) -> bool:
        """Whether the committed files already were what the sources say."""
        return not self.changed and not self.removed


def build(
    root: Path, check: bool = False, progress: Callable[[str], None] = lambda _: None, *, server_only: bool = False
) -> BuildReport:
    """Make ``notebooks/`` of the course in `root`, and the instructor's notebooks in ``build/source/``.

    What a learner may have written is not lost: a file that is written over or removed and is not what git has of it
    is kept in ``.course/kept/``; a Python file of ``notebooks/miniredis/`` that git does not know stays.

    Args:
        root: the course's folder.
        check: compare only, write nothing below ``notebooks/``.
        progress: told the name of each step.
        server_only: only ``notebooks/miniredis/``, which takes no second.

    Raises:
        BuildError, SourceError, RegionError: when a source cannot be built; nothing has been written then.
    """
    starters = _without_leaks(starter_files(root, catalog()))
    if server_only:
        return _install(root, starters, check, f"{PACKAGE}/")
    with tempfile.TemporaryDirectory(prefix="course-build-") as temporary:
        work = Path(temporary)
        expand_sources(root, work / release.SOURCE_DIRECTORY, catalog(), progress, with_start=True)
        for assignment in sorted(p.name for p in (work / release.SOURCE_DIRECTORY).iterdir()):
            progress(f"release {assignment}")
            _generate(work, assignment)
        made = _collect(work / release.RELEASE_DIRECTORY) | starters
        report = _install(root, made, check)
    if not check:
        build_sources(root)
    return report


def build_sources(root: Path) -> None:
    """Make the instructor's notebooks in ``build/source/``, which nbgrader's commands start from."""
    destination = root / release.SOURCE_DIRECTORY
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=destination.parent, prefix=".source-") as temporary:
        fresh = Path(temporary) / "source"
        expand_sources(root, fresh, catalog())
        shutil.rmtree(destination, ignore_errors=True)
        fresh.replace(destination)
    (destination / ".made").touch()


def release_of(root: Path, path: str) -> bytes:
    """The released bytes of one file, ``notebooks/week1/02-….ipynb`` for example, made afresh.

    Raises:
        BuildError, SourceError: when it cannot be built.
    """
    name = path.removeprefix("notebooks/")
    with tempfile.TemporaryDirectory(prefix="course-build-") as temporary:
        work = Path(temporary)
        expand_sources(root, work / release.SOURCE_DIRECTORY, catalog(), with_start=True)
        _generate(work, name.partition("/")[0] if "/" in name else _START)
        made = _collect(work / release.RELEASE_DIRECTORY)
    if name not in made:
        raise BuildError(f"{path} is not among what the sources build to")
    return made[name]


def expand_sources(
    root: Path,
    destination: Path,
    exercises: Catalog,
    progress: Callable[[str], None] = lambda _: None,
    with_start: bool = False,
) -> None:
    """Write the instructor's notebooks and the files beside them to `destination`, a folder an assignment."""
    solutions = root / "solutions"
    if not solutions.is_dir():
        raise BuildError(f"{solutions} is missing: this copy of the course has no sources to build from.")
    for week in sorted(solutions.glob("week*")):
        folder = destination / week.name
        folder.mkdir(parents=True)
        for source in sorted(week.glob("*.md")):
            progress(f"expand {week.name}/{source.name}")
            notebook = expand(source, exercises, f"{week.name}/{source.stem}")
            (folder / f"{source.stem}.ipynb").write_text(serialise(notebook), encoding="utf-8")
        for extra in sorted(p for p in week.glob("*.py") if p.is_file()):
            shutil.copyfile(extra, folder / extra.name)
    if with_start:
        (destination / _START).mkdir()
        for source in sorted(solutions.glob("*.md")):
            notebook = expand(source, exercises, source.stem)
            (destination / _START / f"{source.stem}.ipynb").write_text(serialise(notebook), encoding="utf-8")


def flatten_start(folder: Path) -> None:
    """Move the start page to the top of `folder`, where a learner finds it."""
    for path in (folder / _START).glob("*.ipynb"):
        path.rename(folder / path.name)
    (folder / _START).rmdir()


def _generate(work: Path, assignment: str) -> None:
    """nbgrader's generate step, on a gradebook of its own."""
    from nbgrader.apps import NbGraderAPI
    from nbgrader.coursedir import CourseDirectory

    # nbgrader runs `alembic` by name: the folder of this Python goes first on PATH, activated or not.
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        settings = release.config(work, f"sqlite:///{work / 'gradebook.db'}")
        logging.getLogger("alembic").setLevel(logging.ERROR)
        api = NbGraderAPI(CourseDirectory(config=settings), config=settings, log_level=logging.ERROR)
        outcome = api.generate_assignment(assignment, force=True)
    finally:
        os.environ["PATH"] = before
    if not outcome["success"]:
        raise BuildError(f"nbgrader could not release {assignment}:\n{outcome.get('error')}\n{outcome.get('log')}")


def _collect(released: Path) -> dict[str, bytes]:
    """The release as relative path -> bytes, the start page moved to the top."""
    made = {}
    for path in sorted(p for p in released.rglob("*") if p.is_file()):
        name = path.relative_to(released).as_posix().removeprefix(f"{_START}/")
        if path.suffix == ".ipynb":
            text = serialise(nbformat.read(path, as_version=4))
            for leak in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME"):
                if leak in text:
                    raise BuildError(f"{name} would be released with a {leak!r} in it")
            made[name] = text.encode()
        else:
            made[name] = path.read_bytes()
            if b"BEGIN SOLUTION" in made[name]:
                raise BuildError(f"{name} would be released with its solution in it")
    return made


def _without_leaks(made: dict[str, bytes]) -> dict[str, bytes]:
    for name, data in made.items():
        for leak in (b"BEGIN SOLUTION", b"END SOLUTION"):
            if leak in data:
                raise BuildError(f"{name} would be released with a {leak.decode()!r} in it")
    return made


def _install(root: Path, made: dict[str, bytes], check: bool, below: str = "") -> BuildReport:
    """Make ``notebooks/`` (or what is `below` it) what `made` says."""
    notebooks = root / "notebooks"
    report = BuildReport()
    for name, data in made.items():
        path = notebooks / name
        if path.is_file() and path.read_bytes() == data:
            report.same.append(name)
            continue
        report.changed.append(name)
        if not check:
            _keep_unknown(root, path, report)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    for path in _generated(root):
        name = path.relative_to(notebooks).as_posix()
        if name.startswith(below) and name not in made:
            report.removed.append(name)
            if not check:
                _keep_unknown(root, path, report)
                path.unlink()
    return report


def _generated(root: Path) -> list[Path]:
    """The files that only a build can have made. A new module of somebody's own server is none of them."""
    notebooks = root / "notebooks"
    found = [p for p in notebooks.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts]
    modules = [p for p in (notebooks / PACKAGE).rglob("*") if p.is_file() and p.suffix != ".ipynb"]
    if modules:
        listed = _git(root, "ls-files", "-z", "--", f"notebooks/{PACKAGE}")
        known = {root / name for name in listed.decode().split("\0")} if listed is not None else set()
        found += [p for p in modules if p in known]
    return sorted(found)


def _keep_unknown(root: Path, path: Path, report: BuildReport) -> None:
    """Copy `path` into ``.course/kept/`` unless git has these very bytes of it."""
    if not path.is_file():
        return
    relative = path.relative_to(root).as_posix()
    data = path.read_bytes()
    if _git(root, "show", f"HEAD:./{relative}") == data or _git(root, "show", f":./{relative}") == data:
        return
    if report.kept is None:
        stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        report.kept = root / ".course" / "kept" / f"{stamp}-build"
    kept = report.kept / relative
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(data)


def _git(root: Path, *words: str) -> bytes | None:
    """What git prints; None when it cannot say."""
    try:
        done = subprocess.run(["git", *words], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
