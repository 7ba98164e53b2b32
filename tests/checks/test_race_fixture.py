"""The fixture `race` as a learner meets it: which order breaks a promise, in how many one held, whose fault it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from grader.checks import catalog
from grader.checks.session import Promise
from grader.inside.answer import Answer
from grader.marking.run import run_exercise
from grader.wire.race import Timeline

CHECK = '''
from grader.checks.verdict import broken, exercise, expect


def one_sold(end):
    expect(sorted(map(bool, end.results)), [False, True], "the two calls of buy")


@exercise("week1.page-views")
class TestBuyers:
    def test_two_buyers(self, answer, race):
        """One of two gets the last piece."""
        race(
            lambda r: answer.buy(r),
            lambda r: answer.buy(r),
            setup=lambda r: r.set("stock", 1),
            invariant=one_sold,
            misconception="check-then-act",
        )

    def test_while_another_looks(self, answer, race):
        """Another client may look meanwhile."""
        race(lambda r: answer.buy(r), lambda r: r.get("stock"), setup=lambda r: r.set("stock", 1))

    def test_alone(self, answer, redis):
        """One who is alone buys it."""
        redis.set("stock", 1)
        expect(bool(answer.buy(redis)), True, "buy(r)")
'''


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], list[Promise]]:
    """Promises about a buyer, for an answer given as a function."""
    path = tmp_path_factory.mktemp("checks") / "test_buyers.py"
    path.write_text(CHECK)
    exercise = replace(catalog()["week1.page-views"], check=path)

    def run(buy: Any) -> list[Promise]:
        return run_exercise(exercise, Answer({"buy": buy})).promises

    return run


def naive(r: Any) -> bool:
    left = int(r.get("stock"))
    if left > 0:
        r.set("stock", left - 1)
    return left > 0


def test_a_promise_that_holds_says_in_how_many_orders_and_only_where_there_were_any(
    check: Callable[[Any], list[Promise]],
) -> None:
    promises = check(lambda r: r.decr("stock") >= 0)
    assert [promise.status for promise in promises] == ["kept"] * 3
    assert [[proof["schedules"] for proof in promise.proofs] for promise in promises] == [[2], [2], []]
    assert all(proof["complete"] for promise in promises for proof in promise.proofs)


def test_a_race_is_shown_as_a_timeline_under_the_misconception(check: Callable[[Any], list[Promise]]) -> None:
    first, *_ = check(naive)
    assert (first.status, first.kind, first.misconception) == ("broken", "wrong", "check-then-act")
    assert "[True, True]" in first.happened
    assert first.timeline is not None
    timeline = Timeline.from_dict(first.timeline)
    assert len(timeline.rows) == 4
    assert first.sent == timeline.lines()


def test_an_answer_that_raises_among_others_is_told_like_one_that_raises_alone(
    check: Callable[[Any], list[Promise]],
) -> None:
    def brittle(r: Any) -> bool:
        return bool(10 // int(r.decr("stock")) < 0)

    first, *_ = check(brittle)
    assert (first.status, first.kind) == ("broken", "raised")
    assert "ZeroDivisionError" in first.happened
    assert first.timeline is not None


def test_another_client_that_meets_a_wrong_type_is_no_error_of_the_grader(
    check: Callable[[Any], list[Promise]],
) -> None:
    def retyped(r: Any) -> bool:
        bought = r.decr("stock") >= 0
        r.delete("stock")
        r.rpush("stock", "x")
        return bool(bought)

    _, second, _ = check(retyped)
    assert (second.status, second.kind) == ("broken", "wrong")
    assert "Another client got an error: WRONGTYPE" in second.happened


def test_an_answer_without_an_end_is_stopped_and_named(check: Callable[[Any], list[Promise]]) -> None:
    def endless(r: Any) -> bool:
        while True:
            pass

    first, *_ = check(endless)
    assert (first.status, first.kind) == ("broken", "deadline")
    assert "no end" in first.happened
