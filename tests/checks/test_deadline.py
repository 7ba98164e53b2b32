"""Code that never ends is ended, however it tries to go on."""

from __future__ import annotations

import time

import pytest

from grader.inside.deadline import DeadlineError, deadline


def theirs(filename: str) -> bool:
    return filename == "<theirs>"


def run(source: str, seconds: float = 0.05) -> None:
    code = compile(source, "<theirs>", "exec")
    with deadline(seconds, theirs):
        exec(code, {"time": time})


def test_an_endless_loop_is_ended_and_its_line_named() -> None:
    with pytest.raises(DeadlineError) as caught:
        run("x = 0\nwhile True:\n    x += 1")
    assert caught.value.line in {"line 2", "line 3"}


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    try:\n        x = 1\n    except Exception:\n        pass",
        "while True:\n    try:\n        x = 1\n    except BaseException:\n        pass",
        "while True:\n    try:\n        x = 1\n    except:\n        continue",
        "def f():\n    try:\n        while True: pass\n    finally:\n        f()\nf()",
    ],
)
def test_a_loop_that_swallows_exceptions_is_ended_too(source: str) -> None:
    start = time.monotonic()
    with pytest.raises(BaseException) as caught:
        run(source)
    assert isinstance(caught.value, DeadlineError)
    assert time.monotonic() - start < 10


def test_waiting_is_ended() -> None:
    with pytest.raises(DeadlineError):
        run("time.sleep(60)")


def test_code_that_ends_in_time_leaves_no_timer_behind() -> None:
    import signal

    before = signal.getsignal(signal.SIGALRM)
    run("x = 1", seconds=5)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before
