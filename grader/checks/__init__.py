"""The checks: what each exercise promises, as plain pytest files, and what they need to run.

`weekN/test_*.py` hold the promises, `weekN/*.yml` beside them the exercises' titles, points, hints and
misconceptions. `grader.marking` runs them; nothing here knows who asked.
"""

from grader.checks.catalog import Catalog, Exercise, UnknownExerciseError, catalog
from grader.checks.verdict import Broken, broken, exercise, expect
from grader.inside.answer import Answer, AnswerProblem

__all__ = [
    "Answer",
    "AnswerProblem",
    "Broken",
    "Catalog",
    "Exercise",
    "UnknownExerciseError",
    "broken",
    "catalog",
    "exercise",
    "expect",
]
