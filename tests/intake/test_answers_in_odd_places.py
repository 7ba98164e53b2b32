"""Which of several cells is an answer, one odd notebook at a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from intake.damage import clone, own, put, where
from intake.solved import Solved

from grader.checks import catalog
from grader.marking.intake import Repaired, answers, file_answer

SLUG, CELL = "week1.page-views", "week1-page-views"
RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'
OTHER = "def page_view(r, page):\n    return 1"
Change = Callable[[list[dict[str, Any]], int], object]


@pytest.fixture
def strings(solved: list[Solved]) -> Solved:
    return next(s for s in solved if s.name.endswith("02-strings-and-counters.ipynb"))


@pytest.fixture
def repaired(strings: Solved) -> Callable[[Change], Repaired]:
    """The answers of the release of 02-strings after a change of its cells, which is told where page-views is."""

    def run(change: Change) -> Repaired:
        notebook = json.loads(strings.release)
        change(notebook["cells"], where(notebook, CELL))
        return answers(json.dumps(notebook).encode(), strings.release, strings.exercises, strings.name)

    return run


def test_of_two_different_answers_the_later_counts_and_it_is_said(repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        cells.insert(at + 1, clone(cells[at]))
        put(cells[at], RIGHT)
        put(cells[at + 1], OTHER)

    found = repaired(change)
    assert found.sources[SLUG] == OTHER
    assert "the last one that is not the starter counts" in found.repairs[SLUG][0]
    assert [c.source for c in found.cells if c.id == CELL] == [OTHER]


@pytest.mark.parametrize("place", ["above", "below", "in the check", "in a cell of the course"])
def test_an_answer_beside_its_untouched_cell_counts(place: str, repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        if place in ("above", "below"):
            cells.insert(at + (place == "below"), own(RIGHT))
        elif place == "in the check":
            put(cells[at + 1], RIGHT + f'\n\ncheck("{SLUG}")')
        else:
            demo = next(c for c in cells if c["cell_type"] == "code" and c["id"].startswith("c-"))
            put(demo, "".join(demo["source"]) + "\n\n" + RIGHT)

    found = repaired(change)
    assert found.sources[SLUG].startswith(RIGHT) or found.sources[SLUG].endswith(RIGHT)
    assert SLUG not in found.untouched
    assert sum("raise NotImplementedError" in c.source and "page_view" in c.source for c in found.cells) == 0


@pytest.mark.parametrize(
    "text",
    [
        "if True:\n    def page_view(r, page):\n        return 1",
        "from functools import partial\npage_view = partial(print)",
        "a, page_view = 1, print",
        "for page_view in [print]:\n    pass",
        'globals()["page_view"] = print',
    ],
)
def test_an_answer_that_something_else_may_define_is_not_called_untouched(
    text: str, repaired: Callable[[Change], Repaired]
) -> None:
    found = repaired(lambda cells, at: cells.insert(at + 1, own(text)))
    assert SLUG not in found.untouched
    assert "week1.bulk-read" in found.untouched


def test_trying_a_starter_in_a_cell_of_ones_own_leaves_it_untouched(repaired: Callable[[Change], Repaired]) -> None:
    assert SLUG in repaired(lambda cells, at: cells.insert(at + 1, own('page_view(r, "home")'))).untouched


def test_moving_a_line_further_in_is_no_white_space(repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        source = "".join(cells[at]["source"])
        put(cells[at], source.replace("    raise", "        raise"))

    assert SLUG not in repaired(change).untouched


def test_white_space_at_the_end_of_lines_is_nothing(repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        put(cells[at], "\n\n" + "".join(cells[at]["source"]).replace("\n", "  \n") + "\n\n")

    assert SLUG in repaired(change).untouched


def test_an_emptied_cell_is_neither_missing_nor_untouched(repaired: Callable[[Change], Repaired]) -> None:
    found = repaired(lambda cells, at: put(cells[at], ""))
    assert found.sources[SLUG] == ""
    assert SLUG not in found.untouched and SLUG not in found.missing


def test_two_answers_merged_into_one_cell_are_both_found(repaired: Callable[[Change], Repaired]) -> None:
    like = "def like(r, post):\n    return r.incr(post)"

    def change(cells: list[dict[str, Any]], at: int) -> None:
        put(cells[at], f"{RIGHT}\n\n{like}")
        cells[:] = [c for c in cells if c["id"] != "week1-lost-update"]

    found = repaired(change)
    assert found.sources[SLUG] == found.sources["week1.lost-update"] == f"{RIGHT}\n\n{like}"
    assert {c.id for c in found.cells} >= {CELL, "week1-lost-update"}


def test_an_answer_in_a_markdown_fence_is_read(repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        cells[at]["cell_type"] = "markdown"
        put(cells[at], f"```python\n{RIGHT}\n```")

    found = repaired(change)
    assert found.sources[SLUG] == RIGHT
    assert "Change its type back to Code" in found.repairs[SLUG][0]


def test_a_function_under_another_name_is_found_by_its_place(repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        source = "".join(cells[at]["source"]).replace("page_view", "page_views").replace("raise NotImpl", "return #")
        cells[at] = own(source)

    found = repaired(change)
    assert "def page_views" in found.sources[SLUG]
    assert "the likest one at its place" in found.repairs[SLUG][0]


def test_points_and_checks_of_a_learners_own_are_told_and_ignored(repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        put(cells[at], RIGHT)
        put(cells[at + 1], "pass")
        cells[at + 1]["metadata"]["nbgrader"]["points"] = 100

    found = repaired(change)
    points = catalog()[SLUG].points
    assert found.repairs[SLUG] == [
        f"Its points were edited in the notebook; it is worth {points}, as the course says.",
        "Its check cell was edited; the course's own check was used.",
    ]


def test_an_answer_under_another_exercises_name_is_that_exercises(repaired: Callable[[Change], Repaired]) -> None:
    def change(cells: list[dict[str, Any]], at: int) -> None:
        other = next(c for c in cells if c["id"] == "week1-bulk-read")
        put(other, RIGHT)

    found = repaired(change)
    assert found.sources["week1.bulk-read"] == RIGHT
    assert "week1.bulk-read" not in found.untouched


def test_of_the_two_sides_of_a_conflict_the_one_with_answers_counts(strings: Solved) -> None:
    mine = json.loads(strings.release)
    theirs = clone(mine)
    put(theirs["cells"][where(theirs, CELL)], RIGHT)

    def conflict(one: dict[str, Any], other: dict[str, Any]) -> bytes:
        return "".join(
            ["<<<<<<< HEAD\n", json.dumps(one), "\n=======\n", json.dumps(other), "\n>>>>>>> main\n"]
        ).encode()

    for data in (conflict(mine, theirs), conflict(theirs, mine)):
        found = answers(data, strings.release, strings.exercises)
        assert found.sources[SLUG] == RIGHT
        assert "unresolved merge conflict" in found.notes[0]
        assert "side" in found.repairs[SLUG][0]


@pytest.mark.parametrize(
    "data",
    [
        RIGHT.encode(), b"\xef\xbb\xbf" + RIGHT.encode(), RIGHT.replace("\n", "\r\n").encode(), RIGHT.encode("utf-16"),
        f"<<<<<<< HEAD\n{RIGHT}\n||||||| base\n=======\n{OTHER}\n>>>>>>> x\n".encode(),
    ],
)  # fmt: skip
def test_an_answer_in_a_file_is_read_however_it_was_saved(data: bytes) -> None:
    found = file_answer(data, b"pass")
    assert found.text.rstrip("\n") == RIGHT
    assert not found.untouched


def test_a_file_in_latin_1_is_read_and_told() -> None:
    found = file_answer("# café\nx = 1".encode("latin-1"), None)
    assert found.text == "# café\nx = 1"
    assert "Save it as UTF-8" in found.repairs[0]


def test_a_file_that_is_the_starter_is_untouched() -> None:
    assert file_answer(b"\xef\xbb\xbfx = 1\r\n\r\n", b"x = 1\n").untouched


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 3\n", "a pointer of Git LFS"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"PK\x03\x04rest", "a zip file"),
        (b"", "its JSON breaks off"),
        (b"[]", "no list of cells"),
        (b'{"cells": {}}', "no list of cells"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)), "not UTF-8"),
        (b"[" * 1_000_000, "nested too deeply"),
        (b'{"a":' * 1_000_000, "nested too deeply"),
        (b"[]," * 3_000_000, "no list of cells"),
        (b"x" * 20_000_001, "is larger than 20 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_notebook_is_a_sentence_for_each_exercise(data: bytes, words: str, strings: Solved) -> None:
    found = answers(data, strings.release, strings.exercises, "a <b>.ipynb")
    assert set(found.missing) == {e.slug for e in strings.exercises}
    assert words in found.missing[SLUG]
    assert found.missing[SLUG].startswith("a ?b?.ipynb ")
    assert not found.cells
