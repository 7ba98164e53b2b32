"""`RemoteAnswer`: what a check sees of a learner whose code runs in a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from grader.inside.answer import Answer
from grader.inside.show import show

if TYPE_CHECKING:
    from grader.marking.remote.notebook import WorkerNotebook


class RemoteAnswer(Answer):
    """The names of one exercise, each call of them a question to the worker of its notebook."""

    def __init__(self, notebook: WorkerNotebook, slug: str) -> None:
        super().__init__({}, slug)
        self._notebook = notebook

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._notebook.call({"do": "call", "slug": self._slug, "name": name}, name, args, kwargs)

        return call

    def elsewhere(self) -> Answer:
        """The same answer in a worker of its own, which ends with this one's."""
        return RemoteAnswer(self._notebook.another(), self._slug)

    def value(self, name: str) -> Any:
        """The plain value called `name`."""
        return self._notebook.ask({"do": "value", "slug": self._slug, "name": name}, name)


class RemoteObject:
    """Something of the worker's that is no plain value: a number, the name of its class, and what it said it was."""

    def __init__(self, notebook: WorkerNotebook, number: int, text: str) -> None:
        self._notebook = notebook
        self._number = number
        self._text = text

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        label = f"{type(self).__name__}.{name}"
        found = self._notebook.ask(
            {"do": "attribute", "object": self._number, "name": name}, label, absent=AttributeError
        )
        if isinstance(found, RemoteFunction):
            found._name = label
        return found

    def __repr__(self) -> str:
        return self._text


class RemoteFunction(RemoteObject):
    """A function or another thing of the worker's that can be called."""

    _name = "it"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        task = {"do": "invoke", "object": self._number, "name": self._name}
        return self._notebook.call(task, self._name, args, kwargs)


class RemoteError(Exception):
    """An exception that an answer returned as a value: its text, and a class of the name that its class has there."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({show(str(self))})"


def resolved(notebook: WorkerNotebook, number: int, name: str, text: str, said: str, kind: str) -> Any:
    """The object here for one that a worker described; its class has the name of that one's class and nothing else."""
    base: Any = {"error": RemoteError, "function": RemoteFunction}.get(kind, RemoteObject)
    made = type(name if name.isidentifier() else "object", (base,), {"__module__": "__answers__"})
    return made(said) if kind == "error" else made(notebook, number, text)
