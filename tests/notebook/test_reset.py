"""Reset: the starter comes back, everything else stays, and what was written is never lost."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.checks import Exercise, catalog
from grader.notebook.reset import ResetError, first_committed, released_path, reset, untouched

STARTER = "def page_view(r, page):\n    raise NotImplementedError"
MINE = "def page_view(r, page):\n    return 7"
Cell = dict[str, Any]
NOW = datetime.datetime(2026, 1, 2, 3, 4, 5)


def code(cell_id: str, text: str, graded: bool = False) -> Cell:
    mark = {
        "grade_id": cell_id, "grade": graded, "solution": not graded, "locked": graded, "schema_version": 3,
        "task": False, "cell_type": "code", **({"points": 2} if graded else {}),
    }  # fmt: skip
    cell = {
        "cell_type": "code", "id": cell_id, "metadata": {"nbgrader": mark}, "source": text.splitlines(keepends=True),
        "outputs": [], "execution_count": None,
    }  # fmt: skip
    mark["checksum"] = checksum(cell)
    return cell


def checksum(cell: Cell) -> str:
    """nbgrader's own."""
    from nbgrader.utils import compute_checksum

    return str(compute_checksum(nbformat.from_dict({**cell, "source": "".join(cell["source"])})))


def prose(cell_id: str) -> Cell:
    return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": [f"# {cell_id}"]}


@pytest.fixture
def exercise() -> Exercise:
    return catalog()["week1.page-views"]


@pytest.fixture
def released() -> Cell:
    return {
        "cells": [
            prose("title"),
            code("week1-page-views", STARTER),
            code("week1-page-views-check", 'check("week1.page-views")', graded=True),
            prose("end"),
            code("week1-lost-update", "other = 0"),
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


@pytest.fixture
def path(tmp_path: Path, exercise: Exercise, released: Cell) -> Path:
    """The learner's notebook, with an answer of theirs."""
    found = tmp_path / released_path(exercise)
    found.parent.mkdir(parents=True)
    mine = json.loads(json.dumps(released))
    mine["cells"][1]["source"] = MINE.splitlines(keepends=True)
    mine["cells"][4]["source"] = ["other = 'mine'"]
    mine["cells"].insert(1, {**prose("my notes"), "source": ["keep me"]})
    found.write_text(json.dumps(mine), encoding="utf-8")
    return found


Change = Callable[[Cell], None]


@pytest.fixture
def do(tmp_path: Path, path: Path, exercise: Exercise, released: Cell) -> Callable[..., Any]:
    """Change the learner's notebook, then reset page-views; returns the reset and the cells."""

    def call(change: Change = lambda _: None, starter: str | None = None) -> tuple[Any, list[Cell]]:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        change(notebook)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        done = reset(tmp_path, exercise, lambda: json.dumps(released).encode(), starter, NOW)
        return done, json.loads(path.read_text(encoding="utf-8"))["cells"]

    return call


def text(cells: list[Cell], cell_id: str) -> str:
    (found,) = [c for c in cells if c.get("id") == cell_id]
    return "".join(found["source"])


@pytest.mark.parametrize("starter", [None, STARTER, "a starter of another release"])
def test_the_answer_is_the_starter_again_and_all_else_stays(do: Callable[..., Any], starter: str | None) -> None:
    done, cells = do(starter=starter)
    assert text(cells, "week1-page-views") == STARTER
    assert text(cells, "week1-lost-update") == "other = 'mine'"
    assert text(cells, "my notes") == "keep me"
    assert done.kept.read_text() == MINE
    assert "the answer cell of week1.page-views" in done.what


def test_a_known_starter_needs_no_release(tmp_path: Path, path: Path, exercise: Exercise) -> None:
    def release() -> bytes:
        raise AssertionError("it takes seconds to make")

    reset(tmp_path, exercise, release, STARTER)
    assert untouched(tmp_path, [exercise]) == {exercise.slug}


def test_two_resets_in_one_second_keep_both_texts(do: Callable[..., Any]) -> None:
    first, _ = do()
    second, _ = do(lambda notebook: notebook["cells"][2].update(source=["another answer"]))
    assert first.kept != second.kept
    assert (first.kept.read_text(), second.kept.read_text()) == (MINE, "another answer")


def test_a_lost_cell_comes_back_where_it_was(do: Callable[..., Any]) -> None:
    def lose(notebook: Cell) -> None:
        notebook["cells"] = [c for c in notebook["cells"] if not c["id"].startswith("week1-page-views")]

    _, cells = do(lose)
    order = [c["id"] for c in cells]
    assert order.index("title") < order.index("week1-page-views") < order.index("week1-page-views-check")
    assert order.index("week1-page-views-check") < order.index("end")


def test_a_cell_that_is_there_twice_is_there_once_and_both_texts_are_kept(do: Callable[..., Any]) -> None:
    def double(notebook: Cell) -> None:
        notebook["cells"].append({**notebook["cells"][2], "source": ["pasted = 1"]})

    done, cells = do(double, STARTER)
    assert text(cells, "week1-page-views") == STARTER
    assert done.kept.read_text() == f"{MINE}\n\npasted = 1"


def test_a_cell_that_an_editor_renumbered_is_known_by_nbgraders_name(do: Callable[..., Any]) -> None:
    done, cells = do(lambda notebook: notebook["cells"][2].update(id="a1b2c3"))
    assert done.kept.read_text() == MINE
    assert text(cells, "week1-page-views") == STARTER
    assert "a1b2c3" not in [c["id"] for c in cells]


def test_a_notebook_of_an_old_format_gets_no_ids(do: Callable[..., Any]) -> None:
    def old(notebook: Cell) -> None:
        notebook["nbformat_minor"] = 4
        for c in notebook["cells"]:
            del c["id"]

    _, cells = do(old)
    assert not any("id" in c for c in cells)
    assert STARTER in ["".join(c["source"]) for c in cells]


def test_half_a_character_in_an_output_does_not_stop_it(do: Callable[..., Any]) -> None:
    _, cells = do(lambda notebook: notebook["cells"][2].update(source=["x = '\ud800'"]))
    assert text(cells, "week1-page-views") == STARTER


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff\xfe", b"[]", b'{"cells": 1}', b"[" * 100_000])
def test_a_notebook_that_cannot_be_read_is_replaced_and_kept(
    tmp_path: Path, path: Path, exercise: Exercise, released: Cell, broken: bytes
) -> None:
    path.write_bytes(broken)
    done = reset(tmp_path, exercise, lambda: json.dumps(released).encode())
    assert json.loads(path.read_bytes()) == released
    assert done.kept.read_bytes() == broken
    assert "could not be read" in done.what


def test_a_missing_notebook_is_there_again(tmp_path: Path, path: Path, exercise: Exercise, released: Cell) -> None:
    path.unlink()
    assert "was missing" in reset(tmp_path, exercise, lambda: json.dumps(released).encode()).what
    assert json.loads(path.read_bytes()) == released


def test_an_answer_in_a_file_is_the_starter_again(tmp_path: Path, exercise: Exercise) -> None:
    in_file = replace(exercise, file="client.py")
    path = tmp_path / released_path(in_file)
    path.parent.mkdir(parents=True)
    path.write_text(MINE)
    done = reset(tmp_path, in_file, lambda: STARTER.encode())
    assert path.read_text() == STARTER
    assert done.kept.read_text() == MINE


def test_a_release_without_the_exercise_changes_nothing(
    tmp_path: Path, path: Path, exercise: Exercise, released: Cell
) -> None:
    before = path.read_bytes()
    released["cells"] = released["cells"][:1]
    with pytest.raises(ResetError, match=r"has no cell for week1\.page-views"):
        reset(tmp_path, exercise, lambda: json.dumps(released).encode())
    assert path.read_bytes() == before


def test_a_disk_that_is_full_leaves_the_answer_where_it_was(
    tmp_path: Path, path: Path, exercise: Exercise, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space left"):
        reset(tmp_path, exercise, lambda: b"", STARTER)
    assert path.read_bytes() == before
    monkeypatch.undo()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        reset(tmp_path, exercise, lambda: b"", STARTER)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name], "no half-written file is left beside it"


def test_git_that_does_not_know_the_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ResetError, match="Copy the file from a fresh clone"):
        first_committed(tmp_path, "notebooks/none.ipynb")


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ResetError, match="git is not installed"):
        first_committed(tmp_path, "notebooks/none.ipynb")


def test_only_answers_that_still_are_the_starter_are_untouched(
    tmp_path: Path, path: Path, exercise: Exercise, released: Cell
) -> None:
    both = [exercise, catalog()["week1.lost-update"]]
    assert untouched(tmp_path, both) == set()
    path.write_text(json.dumps(released))
    assert untouched(tmp_path, both) == {e.slug for e in both}
    path.write_text("{")
    assert untouched(tmp_path, both) == set()
