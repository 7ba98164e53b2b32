"""Every exercise with a race: what its solution was proven in, and how soon each wrong answer was broken.

Run it by hand: `python bench/race_exercises.py`. Schedules are counted and do not depend on the machine; times do.
"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from grader.authoring.exercises import Sources, mark, read_sources
from grader.checks import Exercise, catalog
from grader.marking import ExerciseResult
from grader.servers import at_least, scratch
from grader.wire.race import Outcome

ROOT = Path(__file__).resolve().parents[1]


def races(result: ExerciseResult) -> list[Outcome]:
    """What was proven."""
    return [Outcome(**proof) for promise in result.promises for proof in promise.proofs]


def broken_in(exercise: Exercise, sources: Sources) -> dict[str, int]:
    """The wrong answers that a race broke, and in which schedule."""
    found = {}
    for name, path in sources.wrong.items():
        result = mark(exercise, sources, path.read_text(encoding="utf-8"))
        first = result.first_broken
        if first is not None and first.timeline is not None and first.timeline["schedules"]:
            found[name] = first.timeline["schedules"]
    return found


def main() -> None:
    version = ".".join(map(str, scratch().version))
    table = Table(title=f"Races on Redis {version}")
    for column in (
        "exercise",
        "races held",
        "schedules",
        "all that matter",
        "ms",
        "wrong answers, and in which schedule",
    ):
        table.add_column(column, justify="right" if column in {"races held", "schedules", "ms"} else "left")
    every: list[Outcome] = []
    broken = 0
    for exercise in catalog():
        if exercise.needs and not at_least(scratch().version, exercise.needs):
            continue
        sources = read_sources(ROOT, catalog(), [exercise])[exercise.slug]
        proven = races(mark(exercise, sources, sources.solution))
        if not proven:
            continue
        every += proven
        wrong = broken_in(exercise, sources)
        broken += len(wrong)
        table.add_row(
            exercise.slug,
            str(len(proven)),
            str(sum(each.schedules for each in proven)),
            "yes" if all(each.complete for each in proven) else "no",
            f"{1000 * sum(each.seconds for each in proven):.0f}",
            ", ".join(f"{name} ({schedule})" for name, schedule in wrong.items()),
        )
    console = Console(width=150)
    console.print(table)
    console.print(
        f"{table.row_count} exercises, {len(every)} races held, {sum(each.complete for each in every)} of them in "
        f"every order that matters, in {sum(each.schedules for each in every)} schedules; {broken} wrong answers broken"
    )


if __name__ == "__main__":
    main()
