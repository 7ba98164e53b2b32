"""A course of a few exercises, and marks written by hand, for numbers that can be counted on fingers."""

from __future__ import annotations

from pathlib import Path

from grader.checks.catalog import Catalog, Exercise, Notebook
from grader.checks.session import Promise
from grader.marking.marks import Marks
from grader.marking.result import ExerciseResult


def exercise(name: str, points: int, week: int = 1) -> Exercise:
    """An exercise with two misconceptions, `x` and `y`."""
    return Exercise(
        slug=f"week{week}.{name}",
        title=f"Title of {name}",
        points=points,
        minutes=5,
        kind="build",
        notebook=f"week{week}/01-{name[0]}",
        lesson=f"modules/week{week}-first/{week}.4-strings-and-counters.md",
        names=(name,),
        hints=("one", "two", "three"),
        misconceptions={"x": f"Some believe x of {name}. It is not so.", "y": "Some believe y."},
        learnt="",
        onward="",
        check=Path("test_nothing.py"),
    )


def course(*exercises: Exercise) -> Catalog:
    """A catalog, one notebook for each name of one."""
    paths = list(dict.fromkeys(e.notebook for e in exercises))
    notebooks = [Notebook(p, f"Book {p}", "lesson", tuple(e for e in exercises if e.notebook == p)) for p in paths]
    return Catalog(tuple(notebooks), {e.slug: e for e in exercises})


def marks(learner: str, exercises: list[Exercise], word: str, advisory: bool = False) -> Marks:
    """One letter an exercise: s solved, t todo, e error, k skipped, w wrong, x or y wrong with that misconception."""
    results = []
    for e, sign in zip(exercises, word, strict=True):
        status = {"s": "solved", "t": "todo", "e": "error", "k": "skipped"}.get(sign, "wrong")
        promises = [Promise("test", "It holds", "kept")]
        if status == "wrong":
            known = sign if sign in "xy" else None
            promises = [Promise("test", "It holds", "broken", "wrong", "5", "It gave 6.", known, sent=["> GET k"])]
        note = "Redis was gone." if status == "error" else ""
        earned = float(e.points) if status == "solved" else 0.0
        results.append(ExerciseResult(e.slug, e.title, status, earned, e.points, promises, note=note))
    return Marks(learner, "digest", results, sandbox="bubblewrap", advisory=advisory)
