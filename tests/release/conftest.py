"""A copy of the course in which nbgrader's own commands are run, as an instructor would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.authoring.exercises import Sources, read_sources
from grader.checks import Exercise, catalog

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def week1() -> list[Exercise]:
    """The exercises of the assignment week1 (the start page is none)."""
    return [e for e in catalog() if e.notebook.startswith("week1/")]


@pytest.fixture(scope="session")
def sources(week1: list[Exercise]) -> dict[str, Sources]:
    return read_sources(ROOT, catalog(), week1)


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh course folder: what git has, without the releases."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("solutions", "modules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    (folder / "notebooks").mkdir()
    return folder


@pytest.fixture(scope="session")
def nbgrader(course: Path) -> Run:
    """Run an nbgrader command in the course folder; its folder is not on PATH, as without an activated environment."""

    def run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        environment.pop("REDIS_URL", None)
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=course, env=environment, capture_output=True, text=True, timeout=280, check=False,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    return run


def submit(
    course: Path, student: str, texts: dict[str, str], files: dict[str, str] | None = None, only: str = "*"
) -> Path:
    """Put a submission in place: the release with answers, `texts` by cell id, `files` by name.

    The notebooks that `only` does not match are not handed in: a run of the others is several seconds each.
    """
    folder = course / "submitted" / student / "week1"
    shutil.copytree(course / "notebooks" / "week1", folder)
    for path in set(folder.glob("*.ipynb")) - set(folder.glob(f"{only}.ipynb")):
        path.unlink()
    for path in folder.glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["id"] in texts:
                cell["source"] = texts[cell["id"]]
        path.write_text(json.dumps(notebook), encoding="utf-8")
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
