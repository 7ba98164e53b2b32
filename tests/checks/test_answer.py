"""Whatever goes wrong behind the door arrives as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import redis

from grader.checks import Answer, AnswerProblem


def answer(**names: Any) -> Answer:
    return Answer(names, "week1.page-views")


def problem(call: Any) -> AnswerProblem:
    with pytest.raises(AnswerProblem) as caught:
        call()
    return caught.value


def test_a_value_comes_through_as_it_is() -> None:
    assert answer(predictions={"a": 1}).value("predictions") == {"a": 1}
    assert answer(double=lambda x: 2 * x).double(4) == 8


def test_a_value_where_a_function_was_promised_says_so() -> None:
    assert "`page_view` is 3 here, not a function" in problem(lambda: answer(page_view=3).page_view(None)).sentence


def test_a_missing_name_says_how_to_get_it_back() -> None:
    found = problem(lambda: answer().page_view())
    assert found.kind == "missing"
    assert "course reset week1.page-views" in found.sentence


def test_a_renamed_function_is_recognised() -> None:
    def page_views(r: object, page: str) -> int:
        return 1

    assert "`page_views`" in problem(lambda: answer(page_views=page_views).page_view()).sentence


def test_a_starter_is_not_written_yet() -> None:
    def page_view(r: object, page: str) -> int:
        raise NotImplementedError

    assert problem(lambda: answer(page_view=page_view).page_view(None, "home")).kind == "todo"


@pytest.mark.parametrize("error", [ZeroDivisionError("division"), SystemExit(3), KeyError("k"), GeneratorExit()])
def test_what_an_answer_raises_is_named(error: BaseException) -> None:
    def page_view(r: object, page: str) -> int:
        raise error

    found = problem(lambda: answer(page_view=page_view).page_view(None, "home"))
    assert found.kind == "raised"
    assert "page_view" in found.sentence


def test_an_exception_whose_text_raises_does_no_harm() -> None:
    class Nasty(Exception):
        def __str__(self) -> str:
            raise ValueError

    def page_view(r: object, page: str) -> int:
        raise Nasty

    assert "Nasty" in problem(lambda: answer(page_view=page_view).page_view(None, "home")).sentence


def test_a_lost_redis_is_told_apart() -> None:
    def page_view(r: object, page: str) -> int:
        raise redis.ConnectionError("Connection refused")

    assert problem(lambda: answer(page_view=page_view).page_view(None, "home")).kind == "redis-away"


def test_a_generators_errors_are_caught_too() -> None:
    def keys(r: object) -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    assert problem(lambda: answer(keys=keys).keys(None)).kind == "raised"


def test_methods_of_a_learners_object_are_guarded() -> None:
    class Client:
        def command(self) -> int:
            raise ZeroDivisionError

    client = answer(Client=Client).Client()
    assert problem(client.command).kind == "raised"
    assert problem(lambda: client.pipeline).kind == "missing"
