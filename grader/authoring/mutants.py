"""Change every solution a little, in every place, and see whether its checks notice: ``make mutants``.

The small changes come from mutmut (https://mutmut.readthedocs.io): another number, another comparison, an argument
less, ``or`` for ``and``. A mutant that its checks accept shows a promise that nobody keeps an eye on, or is no
different from the solution in anything that was promised. The latter are listed with a reason in
``solutions/weekN/equivalent.yml`` (texts of exceptions are left alone)::

    week1.page-views:
      - mutant: "    return r.incr(key) -> return r.incr(key, )"
        reason: The same call.
"""

from __future__ import annotations

import argparse
import difflib
import io
import multiprocessing
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from grader import quick_yaml
from grader.authoring.exercises import mark, read_sources
from grader.checks import catalog

LEAST_KILLED = 0.95
_EQUIVALENT = "equivalent.yml"


@dataclass(slots=True)
class Survivors:
    """What became of the mutants of one exercise: how many there were, which lived, which broke the check itself."""

    slug: str
    mutants: int = 0
    alive: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    skipped: str = ""


def mutants_of(source: str) -> Iterator[tuple[str, str]]:
    """Every mutant of a solution: the changed lines as ``old -> new``, and the whole mutated source."""
    # Only `make mutants` needs mutmut, which is not among what learners install.
    from mutmut.mutation.file_mutation import create_mutations, deep_replace

    module, mutations, _, _ = create_mutations("solution.py", source)
    for mutation in mutations:
        changed: Any = deep_replace(module, mutation.original_node, mutation.mutated_node)
        name = difference(source, changed.code)
        if changed.code != source and not _only_a_message(name):
            yield name, changed.code


def _only_a_message(name: str) -> bool:
    """Whether only the text of an exception is another: it is for people, and no exercise promises one."""
    old, _, new = name.partition(" -> ")
    return old.startswith("raise ") and old.partition("(")[0] == new.partition("(")[0]


def difference(old: str, new: str) -> str:
    """The lines that differ, as ``old -> new``, without indentation."""
    lines = list(difflib.ndiff(old.splitlines(), new.splitlines()))
    gone = " / ".join(line[2:].strip() for line in lines if line.startswith("- "))
    come = " / ".join(line[2:].strip() for line in lines if line.startswith("+ "))
    return f"{gone} -> {come}"


def survivors(root: Path, slug: str) -> Survivors:
    """Run the checks of one exercise on every mutant of its solution, against the scratch server."""
    exercise = catalog()[slug]
    sources = read_sources(root, catalog(), [exercise])[slug]
    found = Survivors(slug)
    whole = mark(exercise, sources, sources.solution)
    if whole.status == "skipped":
        found.skipped = whole.note
        return found
    for name, text in mutants_of(sources.solution):
        found.mutants += 1
        with redirect_stdout(io.StringIO()):
            result = mark(exercise, sources, text)
        if result.status == "solved":
            found.alive.append(name)
        elif result.status == "error":
            found.errors.append(f"{name}: {result.note}")
    return found


def equivalents(root: Path, weeks: Iterable[str]) -> dict[str, dict[str, str]]:
    """The mutants that are listed as equivalent: slug -> mutant -> reason."""
    known: dict[str, dict[str, str]] = {}
    for week in weeks:
        path = root / "solutions" / week / _EQUIVALENT
        if path.is_file():
            for slug, entries in (quick_yaml.load(path.read_text(encoding="utf-8")) or {}).items():
                known[slug] = {entry["mutant"]: entry["reason"] for entry in entries}
    return known


def main(arguments: list[str] | None = None) -> int:
    """Run it for weeks, notebooks or slugs; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", nargs="*", help="weeks, notebooks or slugs; everything if none")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args(arguments)
    root = Path(__file__).resolve().parents[2]
    wanted = catalog().select(chosen.what)
    known = equivalents(root, {e.week for e in wanted})
    console = Console()
    results: dict[str, Survivors] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        ProcessPoolExecutor(chosen.jobs, multiprocessing.get_context("spawn")) as pool,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        task = progress.add_task("mutants", total=len(wanted))
        for done in as_completed(pool.submit(survivors, root, e.slug) for e in wanted):
            results[done.result().slug] = done.result()
            progress.advance(task)
    return _report(console, [results[e.slug] for e in wanted], known)


def _report(console: Console, results: list[Survivors], known: dict[str, dict[str, str]]) -> int:
    table = Table("exercise", "mutants", "killed", "equivalent", "alive", title="Mutants of the solutions")
    mutants = equivalent = alive = 0
    problems: list[str] = []
    for each in results:
        listed = known.get(each.slug, {})
        same = [name for name in each.alive if name in listed]
        left = [name for name in each.alive if name not in listed]
        problems += [f"{each.slug}: lives: {name}" for name in left]
        problems += [f"{each.slug}: breaks the check itself: {name}" for name in each.errors]
        if not each.skipped:
            problems += [f"{each.slug}: listed as equivalent, but killed or gone: {n}" for n in listed if n not in same]
        mutants, equivalent, alive = mutants + each.mutants, equivalent + len(same), alive + len(left)
        killed = each.mutants - len(each.alive)
        table.add_row(each.slug, str(each.mutants), str(killed), str(len(same)), str(len(left)) if left else "")
    console.print(table)
    for problem in problems:
        console.print(problem, markup=False, highlight=False, soft_wrap=True)
    judged = mutants - equivalent
    rate = (judged - alive) / judged if judged else 1.0
    console.print(
        f"{judged - alive} of {judged} killed ({rate:.1%}); {equivalent} more are equivalent, with a reason each."
    )
    return int(rate < LEAST_KILLED or any("listed as" in p or "breaks the check" in p for p in problems))


if __name__ == "__main__":
    sys.exit(main())
