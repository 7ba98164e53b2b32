"""A deadline for code that may never end, in the process it runs in.

A check runs in the learner's own kernel, so an endless loop must be broken from inside: an interval timer
raises in the main thread, again and again. A loop that swallows the exception (a bare ``except``) is met by
a trace function that raises on every line, which no handler inside the loop can outlive.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SWALLOWED_BEFORE_TRACING = 3
_REPEAT_SECONDS = 0.1


_until: float | None = None


def left() -> float | None:
    """Seconds until the deadline that this thread is under, if it is."""
    if _until is None or threading.current_thread() is not threading.main_thread():
        return None
    return _until - time.monotonic()


class DeadlineError(BaseException):
    """Code did not end in time. Not an `Exception`, so that ``except Exception`` does not catch it."""

    def __init__(self, seconds: float, line: str) -> None:
        super().__init__(f"still running after {seconds:g} s")
        self.seconds = seconds
        self.line = line


@contextmanager
def deadline(seconds: float, is_theirs: Callable[[str], bool]) -> Iterator[None]:
    """Raise `DeadlineError` in the block after `seconds`.

    Works in the main thread of systems with interval timers; elsewhere the block runs without a deadline and
    the process that started this one must keep it.

    Args:
        seconds: how long the block may take.
        is_theirs: tells by a code object's file name whether a line is the learner's, to name where it hangs.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    fired = 0

    def where(frame: FrameType | None) -> str:
        while frame is not None:
            if is_theirs(frame.f_code.co_filename):
                return f"line {frame.f_lineno}"
            frame = frame.f_back
        return ""

    def on_alarm(_signum: int, frame: FrameType | None) -> None:
        nonlocal fired
        fired += 1
        if fired > _SWALLOWED_BEFORE_TRACING and frame is not None:
            line = where(frame)

            def raise_on_line(inner: FrameType, _event: str, _arg: Any) -> Any:
                if is_theirs(inner.f_code.co_filename):
                    raise DeadlineError(seconds, line)
                return raise_on_line

            sys.settrace(raise_on_line)
            step: FrameType | None = frame
            while step is not None:
                if is_theirs(step.f_code.co_filename):
                    step.f_trace = raise_on_line
                step = step.f_back
        raise DeadlineError(seconds, where(frame))

    global _until
    before_until, _until = _until, time.monotonic() + seconds
    before_handler = signal.signal(signal.SIGALRM, on_alarm)
    before_trace = sys.gettrace()
    signal.setitimer(signal.ITIMER_REAL, seconds, _REPEAT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        _until = before_until
        signal.signal(signal.SIGALRM, before_handler)
        if fired > _SWALLOWED_BEFORE_TRACING:
            sys.settrace(before_trace)
