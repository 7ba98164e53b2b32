"""The cohort as plain rows, one for each learner and exercise, for whoever writes CSV or JSON.

Texts are as the learner left them: a writer for spreadsheets has to guard against formulas itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from grader.checks.catalog import Catalog
from grader.cohort.report.cohort import by_name, read_cohort
from grader.marking.marks import Marks


def as_rows(marks: Sequence[Marks], catalog: Catalog) -> list[dict[str, Any]]:
    """One row a learner and exercise, learners by name and exercises in the order of the course.

    Every row has the same keys: ``learner``, ``week``, ``notebook``, ``exercise``, ``title``, ``status``, ``earned``,
    ``points``, ``broken`` (the first broken promise), ``happened``, ``misconception``, ``note``, ``repairs``
    (sentences joined by a blank), ``advisory``. Values are str, bool, int and float only.
    """
    cohort = read_cohort(marks, catalog)
    rows: list[dict[str, Any]] = []
    for who in sorted(cohort.learners, key=by_name):
        for e in cohort.exercises:
            result = who.results.get(e.slug)
            if result is None:
                continue
            broken = result.first_broken
            rows.append(
                {
                    "learner": who.name,
                    "week": e.week,
                    "notebook": e.notebook,
                    "exercise": e.slug,
                    "title": e.title,
                    "status": result.status,
                    "earned": result.earned,
                    "points": result.points,
                    "broken": broken.text if broken else "",
                    "happened": broken.happened if broken else "",
                    "misconception": result.misconception or "",
                    "note": result.note,
                    "repairs": " ".join(who.repairs.get(e.slug, [])),
                    "advisory": who.advisory,
                }
            )
    return rows
