"""The stories, solutions/miniredis/week1.md and so on: the way of the catalog, and cells that run for every learner."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from grader.authoring.starter_server import starter_files
from grader.checks import catalog
from grader.checks.stages.catalog import stages
from grader.checks.stages.reference import PACKAGE, Reference
from tests.stages.conftest import ROOT

STORIES = sorted((ROOT / "solutions" / PACKAGE).glob("week*.md"))
CHECK = re.compile(r'check\("(mini\.[a-z0-9-]+)"\)')
HEADING = re.compile(r"^### \{(mini\.[a-z0-9-]+)\}$", re.M)
NAMED = re.compile(r"mini\.[a-z0-9-]+")
SECONDS = 120

story = pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[str]:
    """The texts of a story's cells of one kind."""
    return [cell.source for cell in jupytext.read(path).cells if cell.cell_type == kind]


@story
def test_every_stage_of_the_week_is_checked_in_one_cell_in_the_order_of_the_course(path: Path) -> None:
    checked = [found[1] for text in cells(path, "code") if (found := CHECK.fullmatch(text.strip()))]
    assert checked == [s.slug for s in stages().open if s.week == path.stem]
    assert sum(len(CHECK.findall(text)) for text in cells(path, "code")) == len(checked), "a check is a cell of its own"


@story
def test_each_check_stands_below_the_title_of_its_stage_and_a_bridge_to_it(path: Path) -> None:
    before = ""
    for cell in jupytext.read(path).cells:
        if cell.cell_type == "code" and (found := CHECK.fullmatch(cell.source.strip())):
            titles = list(HEADING.finditer(before))
            assert [title[1] for title in titles] == [found[1]]
            assert before[titles[0].end() :].strip(), f"{found[1]} has no bridge"
        before = cell.source if cell.cell_type == "markdown" else ""


@story
def test_no_stage_is_named_that_does_not_exist(path: Path) -> None:
    assert set(NAMED.findall(path.read_text(encoding="utf-8"))) <= set(stages().by_slug)


@pytest.fixture(scope="module")
def starter_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder as a learner has it after cloning."""
    folder = tmp_path_factory.mktemp("starter")
    (folder / "modules").mkdir()
    for name, data in starter_files(ROOT, catalog()).items():
        path = folder / "notebooks" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def finished_course(starter_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with every stage built as the reference does."""
    folder = tmp_path_factory.mktemp("finished") / "course"
    shutil.copytree(starter_course, folder)
    for name, text in Reference.read(ROOT).texts.items():
        (folder / "notebooks" / PACKAGE / name).write_text(text, encoding="utf-8")
    return folder


def run_demonstrations(course: Path, week: str) -> list[Any]:
    """Run all cells of a week's notebook but the checks, as "run all" does; the cells with what they showed."""
    path = course / "notebooks" / PACKAGE / f"{week}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells = [c for c in notebook.cells if c.cell_type == "code" and not CHECK.fullmatch(c.source.strip())]
    outside = {name: os.environ.pop(name) for name in ("REDIS_URL", "COURSE_FOLDER") if name in os.environ}
    try:
        NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(path.parent)}}).execute()
    finally:
        os.environ.update(outside)
    return list(notebook.cells)


def shown(cell: Any) -> str:
    """What a cell printed and displayed, as text; an error by its message."""
    texts = [o.get("text") or o.get("evalue") or o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return "\n".join(texts)


@story
def test_on_the_untouched_starter_every_cell_runs_and_says_what_is_missing(path: Path, starter_course: Path) -> None:
    for cell in run_demonstrations(starter_course, path.stem):
        text = shown(cell)
        assert "Traceback" not in text, cell.source
        if cell.source.startswith("compare("):
            assert "not built yet" in text, cell.source


@story
def test_on_the_finished_server_the_story_is_true(path: Path, finished_course: Path) -> None:
    for cell in run_demonstrations(finished_course, path.stem):
        text = shown(cell)
        assert [o.evalue for o in cell.outputs if o.output_type == "error"] == [], cell.source
        assert "not built yet" not in text, cell.source
        assert "As far as it goes" not in text, text
        if cell.source.startswith("compare("):
            assert "✘" not in text, text
