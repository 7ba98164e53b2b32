"""A program that runs in a sandbox: its output is drained, its time is watched, and it can be ended with all that is
in it. What differs between the kinds of sandbox is how to end one (`Cage`)."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Protocol

from grader.marking.sandbox.limits import Limits

Reason = Literal["exit", "cpu", "memory", "files", "output", "wall", "killed"]


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a sandbox is over.

    Attributes:
        reason: "exit" by itself, with or without an error; "cpu", "memory", "files", "output" or "wall" for the limit
            it met; "killed" by `Held.kill()`.
        status: exit status of the program, minus the signal's number if one ended it; None when nobody knows.
        sentence: for the learner.
    """

    reason: Reason
    status: int | None
    sentence: str


class Cage(Protocol):
    """The processes of one sandbox, as its kind sees them."""

    @property
    def pid(self) -> int | None:
        """The process on this machine that stands for the program; None if it is on another."""

    def over(self) -> int:
        """A descriptor that becomes readable when everything in it has ended."""

    def end(self) -> None:
        """SIGKILL everything in it, and return when all of it is gone."""

    def status(self) -> int | None:
        """How the program ended, as `Ended.status`; only asked when it is over."""

    def memory_ran_out(self) -> bool:
        """Whether the bound on memory ended a process of it."""

    def remove(self) -> None:
        """Remove what belongs to it on this machine; only asked when it is over, once."""


class Held:
    """A running program. Use it in a `with` block, or `kill()` it.

    Args:
        cage: its processes.
        output: the descriptor its standard output and error arrive on; closed here.
        limits: its limits.
        grouped: whether memory is bounded for all its processes together.
    """

    def __init__(self, cage: Cage, output: int, limits: Limits, *, grouped: bool = True) -> None:
        self._cage = cage
        self._limits = limits
        self._grouped = grouped
        self._began = time.monotonic()
        self._told = _Kept(limits.kept)
        self._why: Reason | None = None
        self._ended: Ended | None = None
        self._wake_read, self._wake_write = os.pipe()
        self._finished = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, args=(output,), name="sandbox", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The process on this machine that stands for the program; None if it is on another."""
        return self._cage.pid

    @property
    def output(self) -> bytes:
        """What it has printed so far: the beginning and the end of it."""
        return self._told.bytes()

    @property
    def printed(self) -> int:
        """How many bytes it has printed so far."""
        return self._told.count

    def alive(self) -> bool:
        """Whether it runs."""
        return not self._finished.is_set()

    def kill(self) -> None:
        """End everything in it; returns when all of it is gone. Safe to call twice, and from any thread."""
        with self._lock:
            if self._finished.is_set():
                return
            self._why = self._why or "killed"
            with contextlib.suppress(OSError):
                os.write(self._wake_write, b".")
        self._finished.wait()

    def ended(self, seconds: float | None = None) -> Ended:
        """Why it is over; waits for that.

        Raises:
            TimeoutError: when it still runs after `seconds`.
        """
        if not self._finished.wait(seconds):
            raise TimeoutError(f"the program in the sandbox still runs after {seconds:g} s")
        assert self._ended is not None
        return self._ended

    def __enter__(self) -> Held:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()

    def _watch(self, output: int) -> None:
        # Should anything here fail, whoever waits must hear of the end all the same.
        self._ended = Ended("exit", None, _SENTENCES["exit"](self._limits, None))
        try:
            try:
                self._drain(output)
            finally:
                self._cage.end()
            # What was printed just before the end may still be in the pipe.
            self._take(output, until_empty=True)
            self._ended = self._judge(self._cage.status(), self._cage.memory_ran_out())
        finally:
            os.close(output)
            with contextlib.suppress(OSError):
                self._cage.remove()
            with self._lock:
                self._finished.set()
                os.close(self._wake_read)
                os.close(self._wake_write)

    def _drain(self, output: int) -> None:
        """Read until it is over, too late, too much, or not wanted any more."""
        os.set_blocking(output, False)
        deadline = self._began + self._limits.wall
        watched = select.poll()
        over = self._cage.over()
        for each in (output, over, self._wake_read):
            watched.register(each, select.POLLIN)
        while True:
            left = deadline - time.monotonic()
            ready = dict(watched.poll(max(0, min(left, 3600)) * 1000))
            if self._wake_read in ready:
                return
            if output in ready and not self._take(output):
                watched.unregister(output)  # it has closed its output, and may go on
            if self._told.count > self._limits.output:
                self._why = self._why or "output"
                return
            if over in ready:
                return
            if left <= 0:
                self._why = self._why or "wall"
                return

    def _take(self, output: int, until_empty: bool = False) -> bool:
        """Read what is there; False at the end of the file."""
        while True:
            try:
                data = os.read(output, 65536)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            self._told.add(data)
            if not until_empty or self._told.count > self._limits.output + (1 << 20):
                return True

    def _judge(self, status: int | None, memory: bool) -> Ended:
        took = time.monotonic() - self._began
        reason = self._why or _reason(status, memory, took, self._limits)
        return Ended(reason, status, _SENTENCES[reason](self._limits, status))


def _reason(status: int | None, memory: bool, took: float, limits: Limits) -> Reason:
    """Which limit a program met that nobody here ended."""
    if memory:
        return "memory"
    if status == -signal.SIGXCPU:
        return "cpu"
    # A program that does not hear SIGXCPU is ended by SIGKILL a second later. Threads use several processors.
    if status == -signal.SIGKILL and took * (os.cpu_count() or 1) >= limits.cpu * 0.9:
        return "cpu"
    return "files" if status == -signal.SIGXFSZ else "exit"


def _how(_limits: Limits, status: int | None) -> str:
    if status is None or status == 0:
        return "It ended by itself."
    if status > 0:
        return f"It ended by itself, with status {status}."
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return f"It was ended by {name}."


_SENTENCES: dict[Reason, Callable[[Limits, int | None], str]] = {
    "exit": _how,
    "cpu": lambda limits, _: f"It was ended: it used more than {limits.cpu:g} s of processor time.",
    "memory": lambda limits, _: f"It was ended: it used more than {limits.memory >> 20} MB of memory.",
    "files": lambda limits, _: f"It was ended: it wrote a file of more than {limits.file >> 20} MB.",
    "output": lambda limits, _: f"It was ended: it printed more than {limits.output:,} bytes.",
    "wall": lambda limits, _: f"It was ended: it had not finished after {limits.wall:g} s.",
    "killed": lambda limits, _: "It was ended by the grader.",
}


def wait_readable(descriptor: int, seconds: float | None = None) -> bool:
    """Whether `descriptor` becomes readable within `seconds`; `select.select` would not take a large one."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else seconds * 1000))


class _Kept:
    """The beginning and the end of a stream of bytes."""

    def __init__(self, most: int) -> None:
        self.count = 0
        self._half = max(1, most // 2)
        self._head = bytearray()
        self._tail = bytearray()

    def add(self, data: bytes) -> None:
        self.count += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        del self._tail[: -self._half]

    def bytes(self) -> bytes:
        left_out = self.count - len(self._head) - len(self._tail)
        middle = b"\n... %d bytes left out ...\n" % left_out if left_out > 0 else b""
        return bytes(self._head) + middle + bytes(self._tail)
