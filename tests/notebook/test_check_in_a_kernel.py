"""check() and hint() as a learner meets them: in a real kernel, with everything that can be wrong with a cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.authoring.exercises import read_sources
from grader.checks import catalog
from tests.notebook.conftest import Cell, Shown

ROOT = Path(__file__).resolve().parents[2]
RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'
CHECK = 'check("week1.page-views")'


def no_traceback_of_ours(shown: Shown) -> bool:
    return not any(word in shown.everything for word in ("Traceback", "site-packages", "grader/", "_pytest"))


def test_a_right_answer_is_green_and_does_not_raise(cell: Cell) -> None:
    cell(RIGHT)
    shown = cell(CHECK)
    assert shown.error == []
    assert 'data-status="solved"' in shown.html
    assert "2 of 2 points" in shown.text


def test_a_wrong_answer_shows_what_was_sent_the_misconception_and_the_next_hint(cell: Cell) -> None:
    cell((ROOT / "solutions/week1/wrong/page-views/read-modify-write.py").read_text(encoding="utf-8"))
    shown = cell(CHECK)
    assert shown.error, "Validate and nbgrader see a red check by its error"
    assert "read-modify-write" in shown.text
    assert "SET page:home:views" in shown.text
    assert "`hint()` shows hint 1 of 3" in shown.text
    assert no_traceback_of_ours(shown)


def test_the_ladder_of_hints_is_climbed_and_remembered_in_a_text_file(cell: Cell, course: Path) -> None:
    cell(RIGHT, "week1-page-views")
    assert "Hint 1 of 3" in cell("hint()").text
    assert "Hint 2 of 3" in cell("hint()").text
    assert "hints: 2" in (course / ".course" / "progress.yml").read_text()
    assert "Hint 1 of 3" in cell("hint(number=1)").text


def test_a_bare_check_means_the_answer_that_ran_last(cell: Cell) -> None:
    cell(RIGHT)
    assert "week1.page-views" in cell("check()").text


def test_a_bare_check_in_the_cell_of_an_exercise_means_that_one(cell: Cell) -> None:
    cell("def hello(r):\n    r.set('greeting', 'hello, redis')")
    cell(RIGHT)
    assert "week1.hello" in cell("check()", "week1-hello-check").text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("def page_view(r, page):\n    raise NotImplementedError", "`page_view` is not written yet"),
        ("def page_view(r, page:\n    return 1", "did not run: Python cannot read it, line 1"),
        ("def page_view(r, page):\n    while True: pass", "had not ended after 2 s (line 2 was running)"),
        ("def page_view(r, page):\n    r.blpop('nothing', 0)", "had not ended after 2 s (line 2 was running)"),
        ("def page_views(r, page):\n    return 1", "there is `page_views`. Was it renamed?"),
        ("pass", "There is no `page_view` here"),
        ("def page_view(r, page):\n    return 1 / 0", "ZeroDivisionError: division by zero"),
        ("def page_view(r, page):\n    r.shutdown(nosave=True)\n    return r.incr(page)", "lost its Redis"),
        ("def page_view(r, page):\n    raise SystemExit", "tried to end Python"),
    ],
)
def test_each_way_of_going_wrong_gets_its_own_sentence(cell: Cell, answer: str, sentence: str) -> None:
    cell(answer, "week1-page-views")
    shown = cell(CHECK, "week1-page-views-check")
    assert sentence in " ".join(shown.text.split())
    assert no_traceback_of_ours(shown)
    assert shown.error


def test_after_the_answer_stopped_the_checks_redis_the_next_check_has_one_again(cell: Cell) -> None:
    cell("def page_view(r, page):\n    r.shutdown(nosave=True)")
    cell(CHECK)
    cell(RIGHT)
    assert "2 of 2 points" in cell(CHECK).text


def test_a_syntax_error_is_forgotten_once_the_cell_runs(cell: Cell) -> None:
    cell("def page_view(r, page:", "week1-page-views")
    cell(RIGHT, "week1-page-views")
    assert "2 of 2 points" in cell(CHECK).text


def test_the_check_leaves_the_learners_own_keys_alone(cell: Cell) -> None:
    cell("r = connect()\nr.flushdb()\nr.set('mine', 'precious')")
    cell(RIGHT)
    cell(CHECK)
    assert cell("r.keys('*')").text.strip() == "['mine']"


def test_a_redis_that_is_not_there_is_one_sentence(cell: Cell) -> None:
    shown = cell("connect('redis://127.0.0.1:1/0')")
    assert "No Redis answers at" in "".join(shown.error)
    assert no_traceback_of_ours(shown)


def test_an_unknown_exercise_gets_the_nearest_name(cell: Cell) -> None:
    shown = cell('check("week1.pageviews")')
    assert "Did you mean week1.page-views" in "".join(shown.error)
    assert no_traceback_of_ours(shown)


def test_what_the_answer_prints_is_kept_short_and_in_the_card(cell: Cell) -> None:
    cell(RIGHT + "\n", "week1-page-views")
    cell(RIGHT.replace("return", "print('x' * 100_000)\n    return"))
    shown = cell(CHECK)
    assert shown.printed == ""
    assert "and more" in shown.text
    assert len(shown.html) < 20_000


NAIVE = """
def buy(r, article, count):
    if int(r.get(f"stock:{article}") or 0) >= count:
        r.decrby(f"stock:{article}", count)
        return True
    return False
"""


def test_a_promise_that_a_race_broke_shows_the_order_as_a_table(cell: Cell) -> None:
    cell(NAIVE)
    shown = cell('check("week2.stock-watch")')
    assert "check-then-act" in shown.text
    assert shown.html.count('class="rw-row"') >= 5
    assert "in Redis afterwards" in shown.text


def test_a_promise_that_every_order_keeps_says_in_how_many(cell: Cell) -> None:
    cell(read_sources(ROOT, catalog(), [catalog()["week2.stock-watch"]])["week2.stock-watch"].solution)
    shown = cell('check("week2.stock-watch")')
    assert 'data-status="solved"' in shown.html
    assert "that matter)" in " ".join(shown.text.split())


def test_a_constant_of_the_same_name_in_a_later_cell_does_not_change_an_answer(cell: Cell) -> None:
    cell('KEY = "page:{}:views"\n\n\ndef page_view(r, page):\n    return r.incr(KEY.format(page))', "week1-page-views")
    cell('KEY = "something else"', "another")
    assert 'data-status="solved"' in cell(CHECK).html
    assert "something else" in cell("KEY").text, "what the learner's cells hold is as it was"


def test_an_answer_that_is_defined_again_in_another_cell_is_the_later_one(cell: Cell) -> None:
    cell("def page_view(r, page):\n    raise NotImplementedError", "week1-page-views")
    cell('KEY = "page:{}:views"\ndef page_view(r, page):\n    return r.incr(KEY.format(page))', "another")
    cell('KEY = "page:{}:views"', "yet-another")
    assert 'data-status="solved"' in cell(CHECK).html
