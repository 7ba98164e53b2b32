"""Checking notebooks from the terminal: whatever state they are in, each exercise gets its own clear sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.checks import Exercise, catalog
from grader.marking import ExerciseResult
from grader.marking.terminal import check_notebooks

ROOT = Path(__file__).resolve().parents[2]
RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'
Notebook = dict[str, Any]


@pytest.fixture
def page_views() -> Exercise:
    return catalog()["week1.page-views"]


@pytest.fixture
def check(tmp_path: Path, page_views: Exercise) -> Callable[..., ExerciseResult]:
    """Check page-views in a copy of its notebook, changed by a function on its cells or replaced by bytes."""

    def run(change: Callable[[Notebook], None] | bytes, seconds: float = 30) -> ExerciseResult:
        path = tmp_path / f"{page_views.notebook}.ipynb"
        path.parent.mkdir(parents=True)
        original = ROOT / "notebooks" / f"{page_views.notebook}.ipynb"
        if isinstance(change, bytes):
            path.write_bytes(change)
        else:
            notebook = json.loads(original.read_text(encoding="utf-8"))
            change(notebook)
            path.write_text(json.dumps(notebook), encoding="utf-8")
        (result,) = check_notebooks([page_views], tmp_path, seconds=seconds)
        return result

    return run


def cell(notebook: Notebook, cell_id: str = "week1-page-views") -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in notebook["cells"] if c["id"] == cell_id)
    return found


def answered(text: str) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        cell(notebook)["source"] = text

    return change


def told(result: ExerciseResult) -> str:
    first = result.first_broken
    return result.note if first is None else first.happened


def test_a_right_answer_is_solved(check: Callable[..., ExerciseResult]) -> None:
    result = check(answered(RIGHT))
    assert result.status == "solved"
    assert result.earned == result.points


def test_a_starter_is_not_written_yet(check: Callable[..., ExerciseResult]) -> None:
    assert check(lambda notebook: None).status == "todo"


def test_a_line_that_raises_after_the_answer_costs_nothing(check: Callable[..., ExerciseResult]) -> None:
    assert check(answered(f"{RIGHT}\n\nprint(page_view(r, 'home'))\n1 / 0")).status == "solved"


def test_a_helper_in_a_cell_of_the_learners_own_is_found(check: Callable[..., ExerciseResult]) -> None:
    def change(notebook: Notebook) -> None:
        at = notebook["cells"].index(cell(notebook))
        own = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "execution_count": None}
        own["source"] = "import re\nPREFIX = 'page'\ndef key(page):\n    return f'{PREFIX}:{page}:views'\nr.flushall()"
        notebook["cells"].insert(at, own)
        cell(notebook)["source"] = "def page_view(r, page):\n    return r.incr(key(page))"

    assert check(change).status == "solved"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def page_view(r, page:\n    return 1", "Python cannot read the answer, line 1"),
        ("def page_view(r, page):\n    while True: pass", "had not ended after 2 s (line 2 was running)"),
        ("while True: pass", "The cell had not ended after 5 s"),
        ("def page_views(r, page):\n    return 1", "there is `page_views`. Was it renamed?"),
        ("def page_view(r, page):\n    r.shutdown(nosave=True)\n    return r.incr(page)", "lost its Redis"),
        ("def page_view(r, page):\n    raise SystemExit", "tried to end Python"),
        ("def page_view(r, page):\n    return r.nosuch(page)", "AttributeError"),
        ("def page_view(r):\n    return 1", "TypeError"),
        ("def page_view(r, page):\n    import os; os._exit(0)", "ended the process it ran in"),
        ("", "There is no `page_view` here"),
    ],
)
def test_each_way_of_going_wrong_gets_its_own_sentence(
    check: Callable[..., ExerciseResult], text: str, sentence: str
) -> None:
    result = check(answered(text))
    assert result.status == "wrong"
    assert result.earned == 0
    assert sentence in told(result)


def test_a_hang_that_no_signal_reaches_is_ended_from_outside(check: Callable[..., ExerciseResult]) -> None:
    blocked = (
        "import signal\n"
        "def page_view(r, page):\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\n"
        "    while True: pass"
    )
    assert "was stopped" in told(check(answered(blocked), seconds=1))


def test_a_deleted_cell_says_how_to_get_it_back(check: Callable[..., ExerciseResult]) -> None:
    def change(notebook: Notebook) -> None:
        notebook["cells"].remove(cell(notebook))

    assert "`course reset week1.page-views` brings its starter back" in told(check(change))


def test_an_answer_in_another_cell_counts(check: Callable[..., ExerciseResult]) -> None:
    def change(notebook: Notebook) -> None:
        cell(notebook)["id"] = "renumbered-by-an-editor"
        cell(notebook, "renumbered-by-an-editor")["source"] = RIGHT

    assert check(change).status == "solved"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is not a notebook any more"),
        (b'{"cells": [', "its JSON breaks off"),
        (b"[]", "no list of cells"),
        (b'{"cells": 3}', "no list of cells"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[" * 100_000, "not a notebook"),
    ],
)
def test_a_broken_notebook_says_so(check: Callable[..., ExerciseResult], data: bytes, sentence: str) -> None:
    result = check(data)
    assert result.status == "wrong"
    assert sentence in told(result) or "nested too deeply" in told(result)


def test_a_notebook_with_a_byte_order_mark_and_windows_line_ends_is_read(
    check: Callable[..., ExerciseResult], page_views: Exercise
) -> None:
    text = (ROOT / "notebooks" / f"{page_views.notebook}.ipynb").read_text(encoding="utf-8")
    assert check(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()).status == "todo"


def test_a_missing_notebook_is_one_sentence_per_exercise(tmp_path: Path, page_views: Exercise) -> None:
    (result,) = check_notebooks([page_views], tmp_path)
    assert "does not exist" in told(result)


def own_cell(text: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "mine",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": text,
    }


KEYED = 'KEY = "page:{}:views"\n\n\ndef page_view(r, page):\n    return r.incr(KEY.format(page))'


def test_a_constant_of_the_same_name_in_a_later_cell_does_not_change_an_answer(
    check: Callable[..., ExerciseResult],
) -> None:
    def change(notebook: Notebook) -> None:
        cell(notebook)["source"] = KEYED
        notebook["cells"].append(own_cell('KEY = "something else"'))

    assert check(change).status == "solved"


def test_an_answer_that_is_defined_again_further_down_is_the_later_one(check: Callable[..., ExerciseResult]) -> None:
    def change(notebook: Notebook) -> None:
        notebook["cells"].append(own_cell(RIGHT))

    assert check(change).status == "solved"


def test_a_helper_that_is_defined_further_down_is_found(check: Callable[..., ExerciseResult]) -> None:
    def change(notebook: Notebook) -> None:
        cell(notebook)["source"] = "def page_view(r, page):\n    return r.incr(key_of(page))"
        notebook["cells"].append(own_cell('def key_of(page):\n    return f"page:{page}:views"'))

    assert check(change).status == "solved"
