"""What a check sees of a learner: a narrow door with names behind it.

A check calls ``answer.page_view(redis, "home")`` and gets plain data back. What stands behind the door is
somebody else's business: the namespace of the learner's own kernel, a file that was just loaded, or (for
trusted marks) a worker in a sandbox that is spoken to through a pipe. Whatever goes wrong behind the door
arrives here as one `AnswerProblem` with a sentence for the learner, never as a bare exception of theirs.
"""

from __future__ import annotations

import builtins
import difflib
import traceback
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

from grader.inside.deadline import DeadlineError
from grader.inside.show import show


class PassesThrough(AssertionError):
    """Raised by a check inside a call of the learner's (in a function it handed them): none of their errors."""


class AnswerProblem(AssertionError):
    """The answer could not be used: missing, broken, or it raised.

    `kind` is one of ``missing``, ``todo``, ``raised``, ``syntax``, ``deadline``, ``redis-away``; `sentence` says
    what happened and what to do; `where` holds the learner's own lines, newest last, or is empty.
    """

    def __init__(self, kind: str, sentence: str, where: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence
        self.where = where


class Answer:
    """The learner's names, each call guarded.

    Args:
        names: the namespace they wrote (functions, classes, values).
        slug: the exercise being checked, for the sentences.
        trouble: a problem already met while loading (a syntax error, a cell that never ended), told instead of
            "missing" when a name is not there.
    """

    def __init__(self, names: Mapping[str, Any], slug: str = "", trouble: AnswerProblem | None = None) -> None:
        self._names = names
        self._slug = slug
        self._trouble = trouble

    def __getattr__(self, name: str) -> Any:
        """The function or class called `name`, guarded; it is looked up when it is called."""
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **kwargs: Any) -> Any:
            found = self._fetch(name)
            if not callable(found):
                sentence = f"`{name}` is {show(found)} here, not a function. The check calls `{name}(…)`."
                raise AnswerProblem("missing", sentence)
            return found(*args, **kwargs)

        return call

    def elsewhere(self) -> Answer | None:
        """The same answer in another, fresh program; None where there is only this one (a learner's kernel)."""
        return None

    def value(self, name: str) -> Any:
        """The plain value called `name`: a prediction, a list, a number."""
        return self._fetch(name)

    def _fetch(self, name: str) -> Any:
        if self._trouble is not None and self._trouble.kind in {"syntax", "deadline"}:
            raise self._trouble
        if name not in self._names:
            raise self._trouble or AnswerProblem("missing", self._missing(name))
        return guard(self._names[name], name)

    def _missing(self, name: str) -> str:
        mine = [
            n
            for n, v in list(self._names.items())
            if isinstance(v, FunctionType | type) and not n.startswith("_") and not hasattr(builtins, n)
        ]
        near = difflib.get_close_matches(name, mine, n=1, cutoff=0.6)
        if near:
            return f"There is no `{name}` here, but there is `{near[0]}`. Was it renamed? The check calls `{name}`."
        return (
            f"There is no `{name}` here. Run the cell that defines it; if that cell is gone, "
            f"`course reset {self._slug}` brings its starter back."
        )


class _Guarded:
    """An object of the learner's: its methods are guarded like its functions."""

    def __init__(self, target: object, label: str) -> None:
        object.__setattr__(self, "_target", target)
        object.__setattr__(self, "_label", label)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        target, label = object.__getattribute__(self, "_target"), object.__getattribute__(self, "_label")
        try:
            found = getattr(target, name)
        except AttributeError:
            raise AnswerProblem("missing", f"`{label}` has no `{name}`; the check calls `{label}.{name}`.") from None
        return guard(found, f"{label}.{name}")


def guard(thing: Any, label: str) -> Any:
    """`thing` of the learner's so that calling it raises nothing but `AnswerProblem`; plain data stays plain."""
    if isinstance(thing, type):
        return lambda *args, **kwargs: _Guarded(_call(thing, label, args, kwargs), label)
    if callable(thing):
        return lambda *args, **kwargs: _call(thing, label, args, kwargs)
    return thing


def _call(function: Callable[..., Any], label: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        result = function(*args, **kwargs)
        if isinstance(result, Iterator):
            # A generator does its work when it is read; read it here, where its errors are caught.
            result = list(result)
        return result
    except (PassesThrough, AnswerProblem, DeadlineError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise problem_of(error, label) from None


def problem_of(error: BaseException, label: str) -> AnswerProblem:
    """The sentence for an exception that came out of a learner's code."""
    where = learner_lines(error)
    if isinstance(error, NotImplementedError):
        return AnswerProblem("todo", f"`{label}` is not written yet.", where)
    if isinstance(error, SystemExit):
        return AnswerProblem("raised", f"`{label}` tried to end Python ({show(error)}); return a value instead.", where)
    if isinstance(error, RecursionError):
        return AnswerProblem("raised", f"`{label}` calls itself without end (RecursionError).", where[-3:])
    kind = "raised"
    told = f"`{label}` raised {type(error).__name__}: {_text(error)}"
    if type(error).__module__.startswith("redis") and type(error).__name__ in {
        "ConnectionError",
        "TimeoutError",
    }:
        kind = "redis-away"
        told = f"`{label}` lost its Redis ({type(error).__name__}: {_text(error)}). "
        told += "Does it shut the server down, or close the client?"
    return AnswerProblem(kind, told, where)


def _text(error: BaseException) -> str:
    try:
        return str(error) or "(no message)"
    except Exception:
        return "(its message cannot be shown)"


def learner_lines(error: BaseException, limit: int = 4) -> tuple[str, ...]:
    """The lines of the learner's own code in the traceback of `error`: ``line 3: return r.gte(page)``."""
    found = []
    for frame in traceback.extract_tb(error.__traceback__):
        if is_learner_file(frame.filename):
            # co_positions may lack a source line for code that came from a string that is gone
            found.append(f"line {frame.lineno}: {frame.line}" if frame.line else f"line {frame.lineno}")
    return tuple(found[-limit:])


def is_learner_file(filename: str) -> bool:
    """Whether a code object's file name belongs to a learner: a notebook's cell or a loaded answer."""
    return filename.startswith(("<answer ", "<ipython-input")) or "ipykernel_" in filename
