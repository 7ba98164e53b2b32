"""The process that holds a learner's code while a grader checks it; the channel is its descriptor 3.

It loads the cells it is sent, calls what it is asked to call and says what came of it. It knows neither what is
checked nor what is expected; whoever takes it over can say no more than an answer may say anyway.
"""

from __future__ import annotations

import os
import random
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from grader.inside.answer import AnswerProblem, PassesThrough, guard, is_learner_file
from grader.inside.cells import Cell, NotebookAnswers
from grader.inside.channel import Channel, Garbage, Gone, Inbox, Message
from grader.inside.deadline import DeadlineError, deadline
from grader.inside.load import LoadedAnswers, load_notebook
from grader.inside.printed import BoundedText
from grader.inside.show import show
from grader.inside.stand_ins import Clocks, StandIns, raised, told
from grader.inside.values import BadValue, Reference, TooDeep, decode, encode

CHANNEL = 3
_TEXT_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Asked:
    """An exercise as the worker knows it; see `grader.inside.load.Wanted`."""

    slug: str
    cell_id: str
    names: tuple[str, ...]
    file: str | None


class _Call(threading.local):
    """The call that this thread is in the middle of, if any, and whether its time and its chance are a stage's.

    `told` holds what nobody waits for: it travels with the next question, in front of it, or with the end of the call.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.staged = (False, False)
        self.told: list[Message] = []


class Worker:
    """One worker; `serve` runs it until the grader closes the channel."""

    def __init__(self, sock: socket.socket) -> None:
        self._channel = Channel(sock, self._route)
        self._tasks = Inbox()
        self._idle = False
        self._asks: dict[int, Inbox] = {}
        self._numbers = count(1)
        self._call = _Call()
        self._objects: dict[int, object] = {}
        self._stand_ins = StandIns(self._ask, self._tell, self._encoded, self._decoded)
        self._loaded = LoadedAnswers()
        self._asked: dict[str, Asked] = {}
        self._slug = ""
        self._found: Any = None
        self._printed = BoundedText()
        Clocks(self._ask, lambda: self._call.staged, self._flush).install()

    def serve(self) -> None:
        """Do what the grader says until it says no more."""
        sys.stdout = sys.stderr = self._printed
        while True:
            self._idle = True
            task = self._channel.wait(self._tasks)
            assert task is not None
            self._do(task)

    # The conversation

    def _route(self, message: Message) -> Inbox | None:
        if "reply" in message:
            return self._asks.get(message["reply"])
        if self._idle:
            self._idle = False
            return self._tasks
        # The main thread is in the middle of a call: two copies of an answer race.
        threading.Thread(target=self._do, args=(message,), daemon=True).start()
        return None

    def _ask(self, operation: str, arguments: Message) -> Any:
        number = next(self._numbers)
        inbox = self._asks[number] = Inbox()
        try:
            self._channel.send(self._taking({"ask": number, "for": self._call.number, "op": operation, **arguments}))
            reply = self._channel.wait(inbox)
        finally:
            del self._asks[number]
        assert reply is not None
        if "raise" in reply:
            if reply["raise"].get("type") == "PassesThrough":
                raise PassesThrough
            raise raised(reply["raise"]) from None
        return reply

    def _tell(self, operation: str, arguments: Message) -> None:
        if self._call.number is None:
            self._ask(operation, arguments)  # A thread of the learner's own: one thing after another.
        else:
            self._call.told.append({"op": operation, **arguments})

    def _taking(self, message: Message) -> Message:
        """`message`, with what was told before it."""
        if self._call.told:
            message["told"], self._call.told = self._call.told, []
        return message

    def _flush(self) -> None:
        """Let the grader have what it was told: this thread is going to wait for something else."""
        if self._call.told:
            self._channel.send(self._taking({"for": self._call.number, "op": "nothing"}))

    # Values

    def _encoded(self, value: object) -> Any:
        return encode(value, self._refer)

    def _decoded(self, data: Any) -> Any:
        return decode(data, self._resolve)

    def _resolve(self, reference: Reference) -> Any:
        if "yours" in reference:
            return self._objects[reference["yours"]]
        return self._stand_ins.of(reference)

    def _refer(self, value: object) -> Reference:
        number = self._stand_ins.number_of(value)
        if number is not None:
            return {"yours": number}
        number = next(self._numbers)
        self._objects[number] = value
        is_error = isinstance(value, BaseException)
        return {
            "object": number,
            "class": type(value).__name__[:100],
            "text": show(value, _TEXT_LIMIT),
            "said": _said(value) if is_error else "",
            "is": "error" if is_error else "function" if callable(value) else "object",
        }

    # What is asked for

    def _do(self, task: Message) -> None:
        number = task["n"]
        self._call.number = number
        time_is_staged, chance_is_staged = task.get("staged", (False, False))
        self._call.staged = (time_is_staged, chance_is_staged)
        done: Message = {"done": number}
        try:
            if "chance" in task:
                random.seed(task["chance"])
            if "seconds" in task:
                with deadline(task["seconds"], is_learner_file):
                    done |= self._what(task)
            else:
                done |= self._what(task)
        except AnswerProblem as problem:
            done["problem"] = {
                "kind": problem.kind,
                "sentence": problem.sentence,
                "where": list(problem.where),
                "chain": _chain(problem),
            }
        except DeadlineError as late:
            done["late"] = late.line
        except PassesThrough:
            done["passed"] = True
        except (Gone, Garbage):
            os._exit(0)
        except TooDeep as error:
            sentence = f"What `{task.get('name', 'it')}` returned is {error}, or contains itself."
            done["problem"] = {"kind": "raised", "sentence": sentence, "where": []}
        except BaseException as error:
            done["problem"] = {"kind": "raised", "sentence": f"{type(error).__name__}: {_said(error)}", "where": []}
        finally:
            self._call.number = None
        done["printed"] = self._printed.drain()
        try:
            self._channel.send(self._taking(done))
        except Gone:
            os._exit(0)

    def _what(self, task: Message) -> Message:
        match task["do"]:
            case "load":
                return self._load(task)
            case "value":
                return {"value": self._encoded(self._answer(task).value(task["name"]))}
            case "call":
                return self._called(getattr(self._answer(task), task["name"]), task)
            case "attribute":
                thing = self._objects[task["object"]]
                try:
                    found = getattr(thing, task["name"])
                except AttributeError:
                    return {"absent": True}
                return {"value": self._encoded(found)}
            case "invoke":
                thing = self._objects[task["object"]]
                return self._called(guard(thing, str(task["name"])), task)
        raise BadValue(f"an unknown task: {task['do']!r}")

    def _called(self, function: Callable[..., Any], task: Message) -> Message:
        args, kwargs = self._decoded(task["args"]), self._decoded(task["kwargs"])
        told: Message = {"value": self._encoded(function(*args, **kwargs))}
        # What the answer did to a list it was handed is part of what it does.
        changed = {}
        for place, (value, sent) in enumerate(zip(args, task["args"], strict=True)):
            if type(value) in (list, dict, set, bytearray) and (now := self._encoded(value)) != sent:
                changed[str(place)] = now
        return {**told, "changed": changed} if changed else told

    def _answer(self, task: Message) -> Any:
        """The answer of an exercise. Its names are as its cell left them when its check begins, and as its calls left
        them from then on."""
        slug = task["slug"]
        if slug != self._slug:
            self._slug, self._found = slug, self._loaded.answer(self._asked[slug])
        return self._found

    def _load(self, task: Message) -> Message:
        folder = Path(tempfile.mkdtemp(prefix="notebook-"))
        for name, text in task["files"].items():
            (folder / Path(name).name).write_text(text, encoding="utf-8", errors="surrogateescape")
        exercises = [Asked(e["slug"], e["cell_id"], tuple(e["names"]), e["file"]) for e in task["exercises"]]
        self._asked = {e.slug: e for e in exercises}
        cells = [Cell(c["id"], c["source"]) for c in task["cells"]]
        notebook = NotebookAnswers(folder / str(task["notebook"]), cells)
        os.chdir(folder)
        self._loaded = load_notebook(
            notebook, exercises, lambda at: self._channel.send({"for": task["n"], "op": "loading", "cell": at})
        )
        return {}


def _chain(problem: BaseException) -> list[Message]:
    """The exceptions that `problem` was raised because of, nearest first."""
    found: list[Message] = []
    error = problem.__cause__ or problem.__context__
    while error is not None and len(found) < 10:
        found.append(told(error))
        error = error.__cause__ or error.__context__
    return found


def _said(value: object) -> str:
    try:
        return str(value)[:_TEXT_LIMIT]
    except Exception:
        return "(its message cannot be shown)"


def main(descriptor: int = CHANNEL) -> None:
    """Serve the channel that this process was started with."""
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(True)
    # Children of a learner's have no business on it.
    os.set_inheritable(sock.fileno(), False)
    try:
        Worker(sock).serve()
    except (Gone, Garbage):
        os._exit(0)


if __name__ == "__main__":
    main()
