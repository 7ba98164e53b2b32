"""Turn the cells of a notebook into a namespace with the learner's names in it.

Only what defines something is run: imports, functions, classes, plain values, and the answer cells as a whole.
Demonstrations between them talk to a Redis that is not there when answers are marked, so they are left out. Each
statement runs on its own: a line that raises after the answer costs the answer nothing.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from grader.inside.answer import Answer, AnswerProblem, is_learner_file, learner_lines
from grader.inside.cells import Cell, NotebookAnswers
from grader.inside.deadline import DeadlineError, deadline
from grader.inside.magics import read_python
from grader.inside.printed import BoundedText

LOAD_SECONDS = 5.0
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Wanted(Protocol):
    """What loading has to know of an exercise; `grader.checks.Exercise` is one."""

    @property
    def slug(self) -> str: ...
    @property
    def cell_id(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...
    @property
    def file(self) -> str | None: ...


class LoadedAnswers:
    """The namespace of a notebook and what went wrong in which answer cell."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__answers__"}
        self.after: dict[str, dict[str, Any]] = {}
        self.final: dict[str, Any] | None = None
        self.trouble: dict[str, AnswerProblem] = {}
        self.files: dict[str, Answer] = {}

    def answer(self, exercise: Wanted) -> Answer:
        """What the check of `exercise` may see."""
        if exercise.slug in self.files:
            return self.files[exercise.slug]
        self._as_after(exercise)
        return Answer(self.names, exercise.slug, self.trouble.get(exercise.cell_id))

    def _as_after(self, exercise: Wanted) -> None:
        """Give names the values they had when the answer's cell had run; what came later only adds to them.

        Two answers may both call a constant SCRIPT, and a function looks its globals up when it is called. Where the
        answer itself was defined again further down, that cell is the answer, and nothing is turned back.
        """
        after = self.after.get(exercise.cell_id)
        if self.final is None or after is None:
            return
        self.names.clear()
        self.names.update(self.final)
        if all(self.final.get(name) is after.get(name) for name in exercise.names):
            self.names.update(after)


def load_notebook(
    notebook: NotebookAnswers, exercises: Iterable[Wanted], on_cell: Callable[[int], object] = lambda number: None
) -> LoadedAnswers:
    """Run the defining parts of `notebook` in this process. Call it only where learner code may run.

    Args:
        notebook: the cells.
        exercises: the exercises of this notebook; their answer cells are run whole.
        on_cell: called with the number of each cell before it is run.
    """
    loaded = LoadedAnswers()
    exercises = list(exercises)
    answers = {e.cell_id: e for e in exercises if e.file is None}
    for name in [k for k in answers if notebook.cell(k) is None]:
        loaded.trouble[name] = AnswerProblem(
            "missing",
            f"The cell of {answers[name].slug} is not in {notebook.path.name}. "
            f"`course reset {answers[name].slug}` brings its starter back and keeps everything else.",
        )
    module = ModuleType("__answers__")
    module.__dict__.update(loaded.names)
    loaded.names = module.__dict__
    sys.modules["__answers__"] = module
    folder = notebook.path.resolve().parent
    before_path, before_folder = list(sys.path), Path.cwd()
    sys.path.insert(0, str(folder))
    printed = BoundedText()
    try:
        if folder.is_dir():
            os.chdir(folder)
        with redirect_stdout(printed), redirect_stderr(printed):
            for number, cell in enumerate(notebook.cells):
                on_cell(number)
                _run_cell(cell, number, cell.id in answers, loaded)
                if cell.id in answers:
                    loaded.after[cell.id] = dict(loaded.names)
            loaded.final = dict(loaded.names)
            for e in exercises:
                if e.file is not None:
                    beside = load_file(folder / e.file, e)
                    loaded.files[e.slug] = beside.answer(e)
    finally:
        os.chdir(before_folder)
        sys.path[:] = before_path
    return loaded


def load_file(path: Path, exercise: Wanted) -> LoadedAnswers:
    """Run the ``.py`` file that holds the answer of `exercise`."""
    loaded = LoadedAnswers()
    try:
        source = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        loaded.trouble[exercise.cell_id] = AnswerProblem(
            "missing",
            f"The file {path.name} is not beside the notebook. `course reset {exercise.slug}` brings its starter back.",
        )
        return loaded
    except (OSError, UnicodeDecodeError) as error:
        loaded.trouble[exercise.cell_id] = AnswerProblem("missing", f"{path.name} cannot be read: {error}.")
        return loaded
    _run_cell(Cell(exercise.cell_id, source), 0, True, loaded, path.name)
    return loaded


def load_source(source: str, exercise: Wanted, name: str = "answer") -> LoadedAnswers:
    """Run one answer given as text, for a file or a wrong answer that stands on its own."""
    loaded = LoadedAnswers()
    _run_cell(Cell(exercise.cell_id, source), 0, True, loaded, name)
    return loaded


def _run_cell(cell: Cell, number: int, is_answer: bool, loaded: LoadedAnswers, name: str = "cell") -> None:
    filename = f"<answer {name} {cell.id or number}>"
    linecache.cache[filename] = (len(cell.source), None, cell.source.splitlines(keepends=True), filename)
    try:
        statements = read_python(cell.source, filename).body
    except (SyntaxError, ValueError) as error:
        if is_answer:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            text = (getattr(error, "text", "") or "").strip()
            reason = error.msg if isinstance(error, SyntaxError) else str(error)
            loaded.trouble[cell.id] = AnswerProblem(
                "syntax", f"Python cannot read the answer{line}: {reason}.", (text,) if text else ()
            )
        return
    except (RecursionError, MemoryError):
        loaded.trouble[cell.id] = AnswerProblem("syntax", "The answer is nested too deeply for Python to read.")
        return
    for statement in statements:
        if not is_answer and not _defines(statement):
            continue
        try:
            with deadline(LOAD_SECONDS, is_learner_file):
                exec(compile(ast.Module([statement], []), filename, "exec"), loaded.names)
        except DeadlineError as late:
            loaded.trouble[cell.id] = AnswerProblem(
                "deadline",
                f"The cell had not ended after {late.seconds:g} s"
                + (f" ({late.line} was running)" if late.line else "")
                + ". Code outside a function runs each time the cell does; is there a loop that never ends?",
            )
            return
        except NotImplementedError:
            loaded.trouble.setdefault(cell.id, AnswerProblem("todo", "This is not written yet."))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if is_answer:
                loaded.trouble.setdefault(
                    cell.id,
                    AnswerProblem(
                        "raised",
                        f"The cell raised {type(error).__name__}: {error}".rstrip(": ")
                        + " before the answer was complete.",
                        learner_lines(error),
                    ),
                )


def _defines(statement: ast.stmt) -> bool:
    if isinstance(statement, _DEFINITIONS):
        return not _imports_course(statement)
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        try:
            ast.literal_eval(statement.value)  # type: ignore[arg-type]
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return False
        return True
    return False


def _imports_course(statement: ast.stmt) -> bool:
    names = [a.name for a in statement.names] if isinstance(statement, ast.Import) else []
    if isinstance(statement, ast.ImportFrom):
        names = [statement.module or ""]
    return any(n == "grader" or n.startswith("grader.") for n in names)
