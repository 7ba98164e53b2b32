"""One notebook of a submission in a worker: started when it is first asked for, and again when it has died.

Whatever the worker does (end itself, keep silent, send what it likes) arrives at the check as an `AnswerProblem`; it
then gets a new process, in which the notebook is loaded anew.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import redis

from grader.checks import Exercise
from grader.inside.answer import Answer, AnswerProblem, PassesThrough
from grader.inside.cells import Cell
from grader.inside.channel import Channel, Garbage, Gone, Inbox, Message
from grader.inside.deadline import DeadlineError, left
from grader.inside.stand_ins import MOST_TEXT, raised, told
from grader.inside.values import BadValue, Reference
from grader.marking.remote.answer import RemoteAnswer, RemoteError, RemoteObject, resolved
from grader.marking.remote.lasting import lasts
from grader.marking.remote.things import Things, own_time
from grader.wire.race.stage import Abandoned, staged

LOAD_SECONDS = 10.0
# The worker's own deadline comes first: it can name the line that was running, and it need not be killed.
_EARLIER = 0.2
_KINDS = frozenset({"missing", "todo", "raised", "syntax", "deadline", "redis-away"})
_MOST_STARTS = 200


class Held(Protocol):
    """A worker that was started (see `grader.marking.sandbox`)."""

    def kill(self) -> None:
        """End everything in it; returns when it is gone."""

    def why(self) -> str:
        """Once it has ended: a sentence for the learner about what ended it; empty if it ended itself."""


Start = Callable[[socket.socket], Held]


class WorkerNotebook:
    """The answers of one notebook.

    Args:
        start: starts a worker that has the given socket as its channel.
        name: the notebook's file name, for sentences.
        cells: its code cells in order.
        exercises: whose answers are in it.
        files: the ``.py`` files of exercises, name -> text.
    """

    def __init__(
        self,
        start: Start,
        name: str,
        cells: Sequence[Cell],
        exercises: Iterable[Exercise],
        files: dict[str, str] | None = None,
    ) -> None:
        self._start = start
        self._exercises = list(exercises)
        self._load: Message = {
            "do": "load",
            "notebook": name,
            "exercises": [
                {"slug": e.slug, "cell_id": e.cell_id, "names": list(e.names), "file": e.file} for e in self._exercises
            ],
            "files": files or {},
        }
        self._cells = list(cells)
        self._trouble: dict[str, AnswerProblem] = {}
        self._worker: _Worker | None = None
        self._starts = 0
        self._others: list[WorkerNotebook] = []

    def answer(self, exercise: Exercise) -> Answer:
        """What the check of `exercise` may see."""
        if exercise.cell_id in self._trouble:
            return Answer({}, exercise.slug, self._trouble[exercise.cell_id])
        return RemoteAnswer(self, exercise.slug)

    def ask(self, task: Message, label: str, absent: type[Exception] | None = None) -> Any:
        """What the worker says to a task without arguments; raises `absent` where it says that there is none."""
        worker = self._ready()
        done = self._perform(worker, task, label)
        if absent is not None and done.get("absent") is True:
            raise absent(task.get("name"))
        return self._outcome(worker, done, label, ())

    def call(self, task: Message, label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let the worker call something.

        Raises:
            AnswerProblem: for whatever goes wrong in the learner's code or with their process.
        """
        worker = self._ready()
        things = worker.things
        sent = [things.encoded(each) for each in args]
        done = self._perform(worker, {**task, "args": sent, "kwargs": things.encoded(kwargs)}, label)
        return self._outcome(worker, done, label, args)

    def begin(self) -> None:
        """Start the worker and load the notebook, if that is not done; what goes wrong is told by `answer`.

        Called before each promise: connections that an earlier one left open are closed.
        """
        if self._worker is not None:
            self._worker.things.tunnels.close_all()
        while self._worker is None:
            try:
                self._ready()
            except _NotLoaded as problem:
                self._trouble = {e.cell_id: problem for e in self._exercises}
                return
            except AnswerProblem:
                pass  # One cell is left out now, and its answer has the problem.

    def another(self) -> WorkerNotebook:
        """The same notebook in another worker, begun; it is closed with this one."""
        made = WorkerNotebook(self._start, self._load["notebook"], self._cells, self._exercises, self._load["files"])
        self._others.append(made)
        made.begin()
        return made

    def close(self) -> None:
        """End the worker."""
        for other in self._others:
            other.close()
        self._end()

    # Its life

    def _ready(self) -> _Worker:
        worker = self._worker
        if worker is not None:
            return worker
        while True:
            if self._starts >= _MOST_STARTS:
                raise _NotLoaded(
                    "raised", "The process of this notebook was ended so often that it is not started again."
                )
            self._starts += 1
            worker = _Worker(self._start, self)
            try:
                fatal = worker.load({**self._load, "cells": [{"id": c.id, "source": c.source} for c in self._cells]})
            except BaseException:
                worker.end()
                raise
            if fatal is None:
                self._worker = worker
                return worker
            worker.end()
            self._drop(*fatal)

    def _drop(self, at: int, sentence: str) -> None:
        """Do without the cell that ended the worker, or kept it for ever."""
        if not 0 <= at < len(self._cells):
            raise _NotLoaded("raised", f"The notebook could not be loaded. {sentence}")
        cell = self._cells[at]
        self._trouble[cell.id] = AnswerProblem("raised", f"Running the cell ended the process it ran in. {sentence}")
        self._cells[at] = Cell(cell.id, "")
        if cell.id in {e.cell_id for e in self._exercises}:
            raise self._trouble[cell.id]

    def _end(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()

    def _perform(self, worker: _Worker, task: Message, label: str) -> Message:
        try:
            return worker.perform(task)
        except (Gone, Garbage, BadValue) as error:
            self._end()
            raise AnswerProblem("raised", _what_ended(worker, error, label)) from None
        except DeadlineError as late:
            # The worker may be anywhere: in an endless loop, or in the middle of a conversation.
            self._end()
            raise late from None
        except BaseException:
            self._end()
            raise

    def _outcome(self, worker: _Worker, done: Message, label: str, args: tuple[Any, ...]) -> Any:
        """What a finished task came to, whatever the worker says of it."""
        try:
            value = self._value(worker, done, label)
            self._change(worker, args, done.get("changed"))
        except (AnswerProblem, PassesThrough):
            raise
        except Exception as error:
            # Nothing that a worker of ours says ends here.
            self._end()
            raise AnswerProblem("raised", _what_ended(worker, error, label)) from None
        return value

    def _value(self, worker: _Worker, done: Message, label: str) -> Any:
        """What a finished task came to; raises anything at all for what no worker of ours says."""
        printed = done.get("printed")
        if isinstance(printed, str) and printed:
            sys.stdout.write(printed[: 2 * MOST_TEXT])
        if "late" in done:
            raise DeadlineError(worker.allowed, str(done["late"])[:200])
        if "problem" in done:
            raise _problem(done["problem"])
        if "passed" in done and worker.raised_here is not None:
            error, worker.raised_here = worker.raised_here, None
            raise error
        if "value" not in done:
            raise AnswerProblem("raised", f"`{label}` came to no end.")
        return worker.things.decoded(done["value"])

    def _change(self, worker: _Worker, args: tuple[Any, ...], changed: Any) -> None:
        """Do to the check's own lists and dictionaries what the answer did to its copies."""
        if not isinstance(changed, dict):
            return
        for place, value in changed.items():
            now: Any = worker.things.decoded(value)
            held: Any = args[int(place)] if str(place).isdigit() and int(place) < len(args) else None
            if type(held) is not type(now) or lasts(held):
                continue
            if isinstance(held, list | bytearray):
                held[:] = now
            elif isinstance(held, dict | set):
                held.clear()
                held.update(now)


class _NotLoaded(AnswerProblem):
    """The notebook cannot be loaded at all, whatever is left out."""


class _Worker:
    """One process and the conversation with it."""

    def __init__(self, start: Start, notebook: WorkerNotebook) -> None:
        ours, theirs = socket.socketpair()
        try:
            self.held = start(theirs)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._notebook = notebook
        self._channel = Channel(ours, self._route)
        self._calls: dict[int, Inbox] = {}
        self._strays = Inbox()
        self._numbers = itertools.count(1)
        self._objects: dict[int, Any] = {}
        self.things = Things(self._resolve, self._refer)
        self.raised_here: BaseException | None = None
        self._chance = random.getstate()
        self.allowed = 0.0

    def load(self, task: Message) -> tuple[int, str] | None:
        """Load the notebook; or the number of the cell that ended the process or came to no end, and a sentence."""
        number, at = next(self._numbers), -1
        inbox = self._calls[number] = Inbox()
        until = time.monotonic() + LOAD_SECONDS
        try:
            self._channel.send({**task, "n": number})
            while True:
                message = self._channel.wait(inbox, max(0.0, until - time.monotonic()))
                if message is None:
                    return at, f"It had not ended after {LOAD_SECONDS:g} s."
                if "done" in message:
                    return None if "problem" not in message else (at, str(message["problem"])[:MOST_TEXT])
                if message.get("op") == "loading" and type(message.get("cell")) is int:
                    at, until = message["cell"], time.monotonic() + LOAD_SECONDS
                elif message.get("ask"):
                    self._channel.send({"reply": message["ask"], "raise": {"type": "RuntimeError", "text": "not now"}})
        except (Gone, Garbage):
            self.held.kill()
            return at, self.held.why() or "Does it end Python?"
        finally:
            del self._calls[number]

    def perform(self, task: Message) -> Message:
        """Send a task and do what the worker asks until it is done. Several threads may: each has a task of its own.

        Raises:
            Gone, Garbage, BadValue: the worker died, or does not keep to the language.
        """
        number = next(self._numbers)
        inbox = self._calls[number] = Inbox()
        sent: Message = {**task, "n": number}
        seconds = left()
        if seconds is not None:
            self.allowed = round(seconds, 1)
            sent["seconds"] = max(0.05, seconds - _EARLIER)
        timed, by_chance = own_time(), staged()[1]
        if timed or by_chance:
            sent["staged"] = [timed, by_chance]
        if by_chance or random.getstate() != self._chance:
            # Somebody has seeded or used the random numbers that an answer beside the check would draw from.
            sent["chance"] = random.getrandbits(64)
            self._chance = random.getstate()
        try:
            self._channel.send(sent)
            while True:
                message = self._channel.wait(inbox)
                assert message is not None
                self._hear(message.get("told", ()))
                if "done" in message:
                    return message
                if message.get("op") != "nothing":
                    self._serve(message)
        finally:
            self._calls.pop(number, None)

    def _hear(self, told: Any) -> None:
        """Do what the worker does not wait for."""
        try:
            for each in told:
                self.things.do(each)
        except (TypeError, ValueError, KeyError, AttributeError, redis.RedisError) as error:
            raise BadValue(f"says something that there is not: {type(error).__name__}") from None

    def _serve(self, message: Message) -> None:
        """Do what the worker asks for, in the thread of the check that waits for it."""
        ask = message.get("ask")
        try:
            reply = self.things.do(message)
        except BadValue:
            raise
        except (DeadlineError, KeyboardInterrupt):
            raise
        except PassesThrough as error:
            self.raised_here = error
            reply = {"raise": {"type": "PassesThrough"}}
        except Abandoned:
            reply = {"raise": {"type": "Abandoned"}}
        except BaseException as error:
            reply = {"raise": told(error)}
        if ask:
            self._channel.send({"reply": ask, **reply})

    def end(self) -> None:
        """Kill it."""
        self.held.kill()
        with contextlib.suppress(OSError):
            self._channel.close()
        self.things.tunnels.close_all()

    def _route(self, message: Message) -> Inbox | None:
        number = message.get("done", message.get("for"))
        return self._calls.get(number) if type(number) is int else self._stray(message)

    def _stray(self, message: Message) -> Inbox | None:
        """A thread of the learner's own asks: whoever is in a call does it."""
        return next(iter(list(self._calls.values())), self._strays)

    def _resolve(self, reference: Reference) -> Any:
        number, kind = reference.get("object"), reference.get("is")
        texts = [reference.get(key) for key in ("class", "text", "said")]
        if type(number) is not int or kind not in ("error", "function", "object"):
            raise BadValue("an object that is none")
        if not all(isinstance(text, str) for text in texts):
            raise BadValue("an object without a text")
        name, text, said = (str(each)[:MOST_TEXT] for each in texts)
        made = resolved(self._notebook, number, name, text, said, kind)
        self._objects[number] = made
        return made

    def _refer(self, value: object) -> Reference | None:
        if isinstance(value, RemoteObject):
            return {"yours": value._number}
        if isinstance(value, RemoteError):
            return {"yours": next((n for n, known in self._objects.items() if known is value), 0)}
        return None


def _problem(said: Any) -> AnswerProblem:
    """What a worker says went wrong, as far as it can be said."""
    if not isinstance(said, dict):
        return AnswerProblem("raised", "It went wrong in a way that cannot be told.")
    kind, sentence, where = said.get("kind"), said.get("sentence"), said.get("where")
    lines = where if isinstance(where, list) else []
    problem = AnswerProblem(
        kind if isinstance(kind, str) and kind in _KINDS else "raised",
        str(sentence)[:MOST_TEXT],
        tuple(str(line)[:MOST_TEXT] for line in lines[:10] if isinstance(line, str)),
    )
    # Whoever lets an answer die in the middle looks for the connection error that it died of.
    chain = said.get("chain")
    for each in reversed(chain[:10] if isinstance(chain, list) else []):
        if isinstance(each, dict):
            error = raised(each)
            error.__context__, problem.__context__ = problem.__context__, error
    return problem


def _what_ended(worker: _Worker, error: Exception, label: str) -> str:
    if isinstance(error, Gone):
        worker.held.kill()
        why = worker.held.why()
        return f"`{label}` ended the process it ran in. {why or 'Look for code that ends Python.'}"
    return f"`{label}` did not come back as a function does: what its process said could not be read ({error})."
