"""A course folder of its own for every test: released once, copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.authoring.build import build_sources
from grader.cohort.releasing import release
from tests.cohort.kit import ROOT, WEEK, room


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course as an instructor has it after `course cohort release week1`."""
    folder = tmp_path_factory.mktemp("cohort") / "course"
    folder.mkdir()
    for name in ("solutions", "notebooks"):
        others = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name / WEEK, folder / name / WEEK, ignore=others)
    (folder / "modules").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    build_sources(folder)
    release(room(folder), [WEEK])
    # From here on its sources are not looked at, and a copy is small.
    shutil.rmtree(folder / "solutions")
    return folder


@pytest.fixture
def course(released: Path, tmp_path: Path) -> Path:
    """A copy of the released course."""
    folder = tmp_path / "course"
    shutil.copytree(released, folder)
    return folder
