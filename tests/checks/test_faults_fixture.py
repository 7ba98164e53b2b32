"""The fixture `faults` as a learner meets it: what a broken promise says, and that nothing else is blamed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis

from grader.checks import catalog
from grader.checks.session import Promise
from grader.inside.answer import Answer
from grader.marking.run import run_exercise

CHECK = '''
from grader.checks.verdict import broken, exercise, expect


def nothing_lost(end):
    left = end.redis.llen("queue") + end.redis.llen("work") + int(end.redis.get("done") or 0)
    if left != 1:
        broken("the job is on one of the lists or done", f"the job is nowhere: {end.redis.keys()}")


@exercise("week1.page-views")
class TestWorker:
    def test_dies_anywhere(self, answer, faults):
        """Whichever command the worker dies at, the job is still there."""
        faults.everywhere(
            lambda r: answer.work_one(r),
            setup=lambda r: r.rpush("queue", "a"),
            then=nothing_lost,
            misconception="pop-then-work",
        )

    def test_gives_up(self, answer, faults):
        """A Redis that hangs is given up on."""
        faults.hang(match="LPOP")
        r = faults.client(socket_timeout=0.02)
        r.ping()
        try:
            r.lpop("queue")
        except Exception as error:
            expect(type(error).__name__, "TimeoutError", "lpop")
'''


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], list[Promise]]:
    """Promises about a worker, for an answer given as a function."""
    path = tmp_path_factory.mktemp("checks") / "test_worker.py"
    path.write_text(CHECK)
    exercise = replace(catalog()["week1.page-views"], check=path)

    def run(work_one: Any) -> list[Promise]:
        return run_exercise(exercise, Answer({"work_one": work_one})).promises

    return run


def test_a_worker_that_loses_nothing_keeps_the_promise(check: Callable[[Any], list[Promise]]) -> None:
    def careful(r: Any) -> None:
        if job := r.lmove("queue", "work", "LEFT", "RIGHT"):
            r.pipeline().lrem("work", 1, job).incr("done").execute()

    assert [promise.status for promise in check(careful)] == ["kept", "kept"]


def test_one_that_loses_a_job_is_told_where_it_died_and_why(check: Callable[[Any], list[Promise]]) -> None:
    def careless(r: Any) -> None:
        if r.lpop("queue"):
            r.incr("done")

    promise = check(careless)[0]
    assert (promise.status, promise.kind, promise.misconception) == ("broken", "wrong", "pop-then-work")
    assert promise.expected == "the job is on one of the lists or done"
    assert promise.happened == (
        "The connection was cut after LPOP queue (command 1): it ran, but its reply never came. "
        "Afterwards: the job is nowhere: []"
    )
    assert promise.sent == ["LPOP queue", "(cut here: it ran, but its reply never came)"]


def test_a_mistake_that_is_there_without_any_fault_is_told_as_such(check: Callable[[Any], list[Promise]]) -> None:
    promise = check(lambda r: r.flushall())[0]
    assert promise.happened == "the job is nowhere: []"


def test_an_answer_that_raises_is_told_its_own_error(check: Callable[[Any], list[Promise]]) -> None:
    def mistaken(r: Any) -> None:
        r.ping()
        raise KeyError("job")

    promise = check(mistaken)[0]
    assert (promise.status, promise.kind) == ("broken", "raised")
    assert "KeyError" in promise.happened
    assert promise.sent == ["PING", "PONG"]


def test_an_answer_not_written_yet_is_not_called_wrong(check: Callable[[Any], list[Promise]]) -> None:
    def todo(r: Any) -> None:
        raise NotImplementedError

    promise = check(todo)[0]
    assert promise.kind == "todo"


def test_an_answer_that_remembers_an_earlier_call_is_told_what_it_may_depend_on(
    check: Callable[[Any], list[Promise]],
) -> None:
    done: list[Any] = []

    def once(r: Any) -> None:
        if not done:
            done.append(r.lmove("queue", "work", "LEFT", "RIGHT"))

    promise = check(once)[0]
    assert (promise.status, promise.kind, promise.misconception) == ("broken", "wrong", None)
    assert promise.happened == (
        "Run again from the same data, the code went another way: command 1 was LMOVE, and now it sent nothing more. "
        "What it does must depend on the replies of Redis only, not on chance, the clock or what an earlier call left "
        "in a variable"
    )
    assert promise.sent == []


def test_an_answer_that_waits_and_tries_again_or_exits_is_in_time(check: Callable[[Any], list[Promise]]) -> None:
    def patient(r: Any) -> None:
        while True:
            try:
                r.lmove("queue", "work", "LEFT", "RIGHT")
                return
            except redis.ConnectionError:
                time.sleep(60)

    def exiting(r: Any) -> None:
        try:
            r.lmove("queue", "work", "LEFT", "RIGHT")
        except redis.ConnectionError:
            failed = True
        else:
            failed = False
        if failed:
            raise SystemExit(1)

    assert [check(each)[0].status for each in (patient, exiting)] == ["kept", "kept"]
