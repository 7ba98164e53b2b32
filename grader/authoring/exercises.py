"""Lint the exercises: hints are there, the solution passes, the starter fails, wrong answers fail by name.

`course lint` runs this over the whole course; an author runs it on one exercise while writing it:
``course lint week1.page-views``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from grader.authoring.expand import SourceError, expand
from grader.authoring.problems import Problem
from grader.authoring.release import clear_text
from grader.checks import Catalog, Exercise
from grader.inside.load import load_notebook, load_source
from grader.marking import ExerciseResult, run_exercise
from grader.marking.extract import Cell, NotebookAnswers
from grader.servers import Server

LEAST_HINTS = 3
LEAST_WRONG = 3


@dataclass(slots=True)
class ExerciseCounts:
    """What was looked at."""

    exercises: int = 0
    hints: int = 0
    wrong_answers: int = 0
    skipped: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Sources:
    """One exercise's texts: the whole notebook with solutions, the solution, the starter, the wrong answers."""

    notebook: NotebookAnswers
    solution: str
    starter: str
    wrong: dict[str, Path]

    def with_answer(self, exercise: Exercise, text: str) -> NotebookAnswers:
        """The notebook with the exercise's answer cell replaced by `text`."""
        cells = [Cell(c.id, text if c.id == exercise.cell_id else c.source) for c in self.notebook.cells]
        return NotebookAnswers(self.notebook.path, cells)


def read_sources(root: Path, exercises: Catalog, wanted: Iterable[Exercise]) -> dict[str, Sources]:
    """The sources of each exercise wanted, by slug.

    Raises:
        SourceError: when a notebook cannot be expanded.
    """
    found: dict[str, Sources] = {}
    by_notebook: dict[str, list[Exercise]] = {}
    for e in wanted:
        by_notebook.setdefault(e.notebook, []).append(e)
    for notebook, group in by_notebook.items():
        path = root / "solutions" / f"{notebook}.md"
        if not path.is_file():
            raise SourceError(f"solutions/{notebook}.md is missing; the catalog has {group[0].slug} in it")
        expanded = expand(path, exercises, notebook)
        raw = [c for c in expanded.cells if c.cell_type == "code"]
        answers = NotebookAnswers(path, [Cell(c.id, c.source) for c in raw])
        for e in group:
            if e.file is not None:
                solution = (path.parent / e.file).read_text(encoding="utf-8")
                starter = clear_text(solution)
            else:
                cell = next(c for c in raw if c.id == e.cell_id)
                solution = cell.source
                starter = cell.metadata.get("course", {}).get("starter") or clear_text(solution)
            folder = root / "solutions" / e.week / "wrong" / e.name
            wrong = {p.stem: p for p in sorted(folder.glob("*.py"))}
            found[e.slug] = Sources(answers, solution, starter, wrong)
    return found


def mark(exercise: Exercise, sources: Sources, text: str, server: Server | None = None) -> ExerciseResult:
    """Check `text` as the answer of `exercise`, in this process. Only for the course's own texts."""
    if exercise.file is not None:
        loaded = load_source(text, exercise, exercise.file)
        return run_exercise(exercise, loaded.answer(exercise), server)
    loaded = load_notebook(sources.with_answer(exercise, text), [exercise])
    return run_exercise(exercise, loaded.answer(exercise), server)


def lint_exercises(
    root: Path,
    exercises: Catalog,
    wanted: Iterable[Exercise],
    server: Server | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[list[Problem], ExerciseCounts]:
    """Lint `wanted` against `server` (the scratch server by default)."""
    wanted = list(wanted)
    counts = ExerciseCounts()
    try:
        sources = read_sources(root, exercises, wanted)
    except (SourceError, OSError) as error:
        return [Problem(root / "solutions", 0, "exercise", str(error))], counts
    problems: list[Problem] = []
    for e in wanted:
        progress(e.slug)
        counts.exercises += 1
        counts.hints += len(e.hints)
        counts.wrong_answers += len(sources[e.slug].wrong)
        problems += [
            Problem(e.check, 0, "exercise", f"{e.slug}: {text}") for text in _lint(e, sources[e.slug], server, counts)
        ]
    return problems, counts


def _lint(e: Exercise, sources: Sources, server: Server | None, counts: ExerciseCounts) -> list[str]:
    found = []
    if len(e.hints) < LEAST_HINTS:
        found.append(f"has {len(e.hints)} hints, {LEAST_HINTS} are the least")
    if len(sources.wrong) < LEAST_WRONG:
        found.append(f"has {len(sources.wrong)} wrong answers, {LEAST_WRONG} are the least")
    texts = [e.title, *e.hints, *e.misconceptions.values(), e.learnt, e.onward, sources.solution]
    if left := sum("TODO" in text for text in texts):
        found.append(f"{left} of its texts still say TODO")
    for name in sorted(set(e.misconceptions) - set(sources.wrong)):
        found.append(f"no wrong answer shows the misconception {name}")
    for name in sorted(set(sources.wrong) - set(e.misconceptions)):
        found.append(f"the wrong answer {name} is not among its misconceptions")
    solution = mark(e, sources, sources.solution, server)
    if solution.status == "skipped":
        counts.skipped.append(f"{e.slug}: {solution.note}")
        return found
    if solution.status != "solved":
        found.append(f"the solution is not accepted: {_told(solution)}")
    starter = mark(e, sources, sources.starter, server)
    if starter.status not in {"todo", "wrong"}:
        found.append(f"the starter is {starter.status}, it has to be red: {_told(starter)}")
    for name, path in sources.wrong.items():
        result = mark(e, sources, path.read_text(encoding="utf-8"), server)
        if result.status != "wrong":
            found.append(f"the wrong answer {name} is {result.status}: {_told(result)}")
        elif result.misconception != name:
            found.append(
                f"the wrong answer {name} is told {result.misconception or 'no misconception'}: {_told(result)}"
            )
    return found


def _told(result: ExerciseResult) -> str:
    first = next((p for p in result.promises if p.status in {"broken", "error"}), None)
    if first is None:
        return result.note or "every promise was kept"
    return f"{first.text} / {first.happened} {' '.join(first.where)}".strip()
