"""Marking in processes of this machine: what one submission does to its process costs the others nothing.

A job process that dies, is killed for its memory, or says nothing for too long is replaced; its submission is tried
once more and is a grader error then.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterable
from typing import IO, Any

from grader.cohort.errors import CohortError
from grader.cohort.kept import course_version
from grader.cohort.own_servers import everything, is_server, longest_wait
from grader.cohort.task import Batch, Finished, Task, marks_after_failure
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult

START_SECONDS = 120.0
SILENCE_SECONDS = 180.0
"""How long a job may say nothing, which it does between two exercises; every check has a far shorter deadline."""
_TRIES = 2
_END_SECONDS = 5.0


class JobLostError(RuntimeError):
    """A job process is gone or says nothing; the message says which. `began` is false when it never was ready."""

    began = True


class Job:
    """One job process and the conversation with it; starts when it is first needed, and again after it was lost.

    Args:
        batch: what is the same for all tasks.
        silence: seconds without a word after which the process is given up.
    """

    def __init__(self, batch: Batch, silence: float = SILENCE_SECONDS) -> None:
        self._batch = batch
        self._silence = silence
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._stream: IO[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._closing = threading.Event()
        self._ready = False

    @property
    def pid(self) -> int | None:
        """The process's id; None while none is ready."""
        return self._process.pid if self._process is not None and self._ready else None

    def mark(self, task: Task) -> Marks:
        """The marks of a submission; grader errors where no process could say them.

        Raises:
            CohortError: when no process can even start, which is no submission's fault.
        """
        found: dict[str, ExerciseResult] = {}
        lost = unready = 0
        while True:
            if self._closing.is_set():
                raise JobLostError("the job is closed")
            try:
                return self._ask(task, found)
            except JobLostError as error:
                self.stop()
                lost, unready = lost + error.began, unready + (not error.began)
                if unready == _TRIES:
                    raise CohortError(f"No marking process can start: {error}.") from error
                if lost == _TRIES:
                    sentence = f"The process that marked this submission was lost: {error}. Look at it by hand."
                    marks = marks_after_failure(task, everything(), found.values(), course_version(), sentence)
                    marks.partial = self._batch.partial and not is_server(task.week)
                    return marks

    def _ask(self, task: Task, found: dict[str, ExerciseResult]) -> Marks:
        if self._process is None:
            self._start()
        self._send({"size": len(task.packed), "slugs": task.slugs}, task.packed)
        silence = max(self._silence, longest_wait(task.slugs))
        while True:
            said = self._hear(silence)
            if "result" in said:
                result = ExerciseResult.from_dict(said["result"])
                found[result.slug] = result
            elif "failed" in said:
                raise JobLostError(said["failed"])
            else:
                return Marks.from_dict(said["marks"])

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `stop`
        kept = {name: value for name, value in os.environ.items() if name != "COURSE_KEY"}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "grader.cohort.job", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for us; and all of it can be ended at once
                env={**kept, "PYTHONDONTWRITEBYTECODE": "1"},
            )
        self._channel = ours
        self._stream = ours.makefile("rb")
        try:
            self._send({**self._batch.head(), "size": len(self._batch.release)}, self._batch.release)
            self._hear(START_SECONDS)
        except JobLostError as lost:
            lost.began = False
            raise
        self._ready = True

    def _send(self, head: dict[str, Any], body: bytes = b"") -> None:
        assert self._channel is not None
        self._channel.settimeout(START_SECONDS)
        try:
            self._channel.sendall(json.dumps(head).encode("ascii") + b"\n" + body)
        except OSError as error:
            raise JobLostError(self._how(error)) from error

    def _hear(self, seconds: float) -> dict[str, Any]:
        assert self._channel is not None and self._stream is not None
        self._channel.settimeout(seconds)
        try:
            line = self._stream.readline()
        except TimeoutError:
            raise JobLostError(f"it said nothing for {seconds:g} s") from None
        except OSError as error:
            raise JobLostError(self._how(error)) from error
        if not line.endswith(b"\n"):
            raise JobLostError(self._how(None))
        said: dict[str, Any] = json.loads(line)
        return said

    def _how(self, error: OSError | None) -> str:
        """How the process ended, as far as can be told."""
        assert self._process is not None
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return str(error or "it closed its end")
        if status == -signal.SIGKILL:
            return "it was killed (by a person, or because memory ran out)"
        if status < 0:
            return f"it ended by signal {-status}"
        last = b""
        if self._errors is not None:
            self._errors.seek(0)
            last = (self._errors.read()[-4000:].strip().splitlines() or [b""])[-1]
        return f"it ended with status {status} ({last.decode('utf-8', 'replace')})" if last else f"status {status}"

    def stop(self) -> None:
        """End the process and all it started; a later `mark` starts another."""
        process, self._process, self._ready = self._process, None, False
        if self._channel is not None:
            with contextlib.suppress(OSError):
                self._channel.shutdown(socket.SHUT_RDWR)
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for each in (self._stream, self._channel, self._errors):
            if each is not None:
                each.close()
        self._stream = self._channel = self._errors = None

    def close(self) -> None:
        """As `stop`, for good; may be called from another thread than the one that waits in `mark`."""
        self._closing.set()
        channel = self._channel
        if channel is not None:
            with contextlib.suppress(OSError):
                channel.shutdown(socket.SHUT_RDWR)  # wakes whoever waits for an answer


def mark_all(tasks: Iterable[Task], jobs: int, batch: Batch, silence: float = SILENCE_SECONDS) -> Generator[Finished]:
    """Mark `tasks` in `jobs` processes; yields them as they are finished, in any order.

    Closing the iterator, or an exception at its consumer, ends all processes.
    """
    waiting = iter(tasks)
    turn = threading.Lock()
    stopped = threading.Event()
    done: queue.SimpleQueue[Finished | BaseException | None] = queue.SimpleQueue()
    held = [Job(batch, silence) for _ in range(jobs)]

    def work(job: Job) -> None:
        try:
            while not stopped.is_set():
                with turn:
                    task = next(waiting, None)
                if task is None:
                    break
                done.put(Finished(task, job.mark(task)))
        except BaseException as error:
            if not stopped.is_set():
                done.put(error)
        finally:
            job.stop()
            done.put(None)

    threads = [threading.Thread(target=work, args=(job,)) for job in held]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            got = done.get()
            if got is None:
                running -= 1
            elif isinstance(got, BaseException):
                raise got
            else:
                yield got
    finally:
        stopped.set()
        for job in held:
            job.close()
        for thread in threads:
            thread.join()
