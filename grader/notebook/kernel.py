"""What the running kernel knows: which cell is running, which answer cells ran and how they ended; and its magics."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from grader.checks import AnswerProblem, Catalog, Exercise
from grader.inside.magics import read_python
from grader.notebook.magics import WireMagic


class Watcher:
    """Listens to IPython's cell events. Made once a kernel, when the course is imported."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.current: str | None = None
        self.last_answer: str | None = None
        self.trouble: dict[str, AnswerProblem] = {}
        self.own: dict[str, dict[str, Any]] = {}
        shell.events.register("pre_run_cell", self._before)
        shell.events.register("post_run_cell", self._after)

    def _before(self, info: Any) -> None:
        self.current = getattr(info, "cell_id", None)

    def _after(self, result: Any) -> None:
        info = getattr(result, "info", None)
        source = getattr(info, "raw_cell", "") or ""
        exercise = self._exercise_of(getattr(info, "cell_id", None), source)
        if exercise is None:
            return
        self.last_answer = exercise.slug
        self.trouble.pop(exercise.slug, None)
        self.own[exercise.slug] = {n: self.shell.user_ns[n] for n in _assigned(source) if n in self.shell.user_ns}
        if isinstance(result.error_before_exec, SyntaxError):
            error = result.error_before_exec
            line = f", line {error.lineno}" if error.lineno else ""
            text = (error.text or "").strip()
            self.trouble[exercise.slug] = AnswerProblem(
                "syntax",
                f"The cell of {exercise.slug} did not run: Python cannot read it{line} ({error.msg}).",
                (text,) if text else (),
            )
        elif result.error_in_exec is not None and not isinstance(result.error_in_exec, NotImplementedError):
            error = result.error_in_exec
            self.trouble[exercise.slug] = AnswerProblem(
                "raised",
                f"The cell of {exercise.slug} raised {type(error).__name__} before it was complete: {error}",
            )

    def _exercise_of(self, cell_id: str | None, source: str) -> Exercise | None:
        from grader.checks import catalog

        if "check(" in source and "def " not in source:
            return None
        found = catalog().by_cell(cell_id) if cell_id and not cell_id.endswith("-check") else None
        return found or by_definition(source, catalog())

    @contextmanager
    def as_after(self, exercise: Exercise) -> Iterator[None]:
        """While it lasts, what the answer's cell assigned has the value that cell gave it.

        Two answers may both call a constant SCRIPT; the later one must not change the earlier. Not where the answer was
        defined again in another cell: then that is the answer.
        """
        names, own = self.shell.user_ns, self.own.get(exercise.slug, {})
        if not own or any(names.get(name) is not own.get(name) for name in exercise.names):
            yield
            return
        before = {name: names[name] for name in own if name in names}
        names.update(own)
        try:
            yield
        finally:
            names.update(before)

    def nearest(self, exercises: Catalog) -> Exercise | None:
        """The exercise that a bare ``check()`` means: the running cell's, else the answer that ran last."""
        if self.current and (found := exercises.by_cell(self.current)):
            return found
        return exercises[self.last_answer] if self.last_answer else None


def by_definition(source: str, exercises: Catalog) -> Exercise | None:
    """The exercise whose name a cell defines, for editors that give cells ids of their own."""
    try:
        body = read_python(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for statement in body:
        names = []
        if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names = [statement.name]
        elif isinstance(statement, ast.Assign):
            names = [t.id for t in statement.targets if isinstance(t, ast.Name)]
        for exercise in exercises:
            if any(n in exercise.names for n in names):
                return exercise
    return None


def _assigned(source: str) -> list[str]:
    """The names a cell defines on its top level."""
    try:
        body = read_python(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    names: list[str] = []
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
                names.append(statement.name)
            case ast.Assign():
                names += [n.id for target in statement.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    return names


_watcher: Watcher | None = None


def watcher() -> Watcher | None:
    """The kernel's watcher, or None outside IPython."""
    global _watcher
    if _watcher is None:
        try:
            from IPython import get_ipython
        except ImportError:
            return None
        shell = get_ipython()
        if shell is not None:
            _watcher = Watcher(shell)
            WireMagic(shell)
    return _watcher
