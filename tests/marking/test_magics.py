"""Cells with magics are still read: what is Python in them counts, what is not is left out."""

from __future__ import annotations

import ast

import pytest

from grader.checks import catalog
from grader.inside.load import load_notebook
from grader.inside.magics import read_python
from grader.marking.extract import Cell, NotebookAnswers
from grader.notebook.kernel import by_definition

RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'


def python(source: str) -> str:
    return ast.unparse(read_python(source))


def loaded(tmp_path, *cells: tuple[str, str]):  # type: ignore[no-untyped-def]
    notebook = NotebookAnswers(tmp_path / "x.ipynb", [Cell(name, source) for name, source in cells])
    return load_notebook(notebook, [catalog()["week1.page-views"]])


def test_what_follows_a_wire_magic_is_python() -> None:
    assert python("%%wire --bytes\nr.get('a')") == "r.get('a')"


def test_several_cell_magics_may_stand_above_each_other() -> None:
    assert python("%%wire\n%%time\n\nr.get('a')") == "r.get('a')"


@pytest.mark.parametrize("source", ["%%redis\nSET a 1\nGET a", "%%redis A\nMULTI", "%%bash\nls -l", "%%html\n<b>"])
def test_a_cell_of_another_language_is_no_python(source: str) -> None:
    assert python(source) == ""


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("!redis-cli ping\nx = 1", "pass\nx = 1"),
        ("x = %time 1", "x = None"),
        ("x = !ls", "x = None"),
        ("if True:\n    %time f()", "if True:\n    pass"),
        ("?page_view", "pass"),
        ("page_view?", "pass"),
    ],
)
def test_a_magic_line_does_nothing(source: str, left: str) -> None:
    assert python(source) == left


def test_a_line_that_begins_with_the_percent_of_a_formula_is_no_magic() -> None:
    source = 'x = ("page:%s"\n     % "home")'
    assert ast.literal_eval(read_python(source).body[0].value.left) == "page:%s"  # type: ignore[attr-defined]


def test_a_text_that_looks_like_a_magic_stays() -> None:
    assert python('x = """\n%time\n!ls\n"""') == "x = '\\n%time\\n!ls\\n'"


def test_line_numbers_stay() -> None:
    with pytest.raises(SyntaxError) as caught:
        read_python("%%wire\n%time 1\nx = = 1")
    assert caught.value.lineno == 3


def test_demonstrations_with_magics_do_not_break_the_answer_beside_them(tmp_path) -> None:  # type: ignore[no-untyped-def]
    answers = loaded(
        tmp_path,
        ("demo1", "%%wire --bytes\nr.set('a', 1)\nunknown_name"),
        ("demo2", "%%redis\nSET a 'unbalanced\nMULTI"),
        ("demo3", "%timeit r.get('a')\n!redis-cli ping"),
        ("week1-page-views", RIGHT),
        ("demo4", "with wire.measure() as cost:\n    r.get('a')\ncost"),
        ("demo5", "race(naive, naive, setup=lambda r: r.set('stock', 1), invariant=one_sold)"),
    )
    assert answers.trouble == {}
    assert callable(answers.names["page_view"])


@pytest.mark.parametrize("magic", ["%%wire", "%%wire --bytes", "\n%%wire", "%%time", "%%wire\n%%time"])
def test_an_answer_below_a_magic_is_an_answer(tmp_path, magic: str) -> None:  # type: ignore[no-untyped-def]
    answers = loaded(tmp_path, ("week1-page-views", f"{magic}\n{RIGHT}"))
    assert answers.trouble == {}
    assert callable(answers.names["page_view"])


def test_an_answer_below_a_magic_is_recognised_by_what_it_defines() -> None:
    found = by_definition(f"%%wire\n{RIGHT}", catalog())
    assert found is not None
    assert found.slug == "week1.page-views"
