"""`course lint`: hold the whole course, or a part of it, to its promises.

Transcripts run on every Redis at hand (7.0 and 8.2 in CI) and match; diagrams parse; links and exercise names resolve;
quizzes are sound; every exercise has its hints and wrong answers, its solution passes, its starter fails, and each
wrong answer fails by name. Stages of miniredis have their texts, regions and checks, their exchanges are true, and
every wrong server is caught and named at its stage.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.authoring.diagrams import check_diagrams, count_diagrams
from grader.authoring.exercises import ExerciseCounts, lint_exercises
from grader.authoring.links import check_links, linked_pages
from grader.authoring.lint_stages import lint_stages
from grader.authoring.problems import Problem
from grader.authoring.transcripts import course_binaries, run_lessons
from grader.authoring.zoo import check_zoo
from grader.checks import Exercise, catalog
from grader.checks.quiz import QuizError, read_quiz
from grader.checks.stages.catalog import stages
from grader.checks.stages.zoo import zoo
from grader.servers import Binary, standalone

WANTED = ((7, 0), (8, 2))


@dataclass(slots=True)
class LintReport:
    """What was found and what was looked at. `notes` are things that could not be looked at here."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    commands: Counter[str] = field(default_factory=Counter)

    def summary(self) -> str:
        """One line a kind of thing."""
        c = self.counts
        on = ", ".join(f"{n} commands on {version}" for version, n in sorted(self.commands.items()))
        versions = f"{c['versions']} version{'s' if c['versions'] != 1 else ''} of Redis"
        read = f"{c['diagrams']} diagrams, {c['pages']} pages of links, {c['questions']} quiz questions"
        stages = f"{c['stages']} stages and {c['locked_stages']} locked ones: {c['stage_hints']} hints"
        exchanges = (
            f"{c['exchanges']} exchanges ({c['exchange_commands']} commands), {c['wrong_servers']} wrong servers"
        )
        problems = f"{len(self.problems)} problem{'s' if len(self.problems) != 1 else ''}"
        lines = [
            f"{c['lessons']} lessons: {c['transcripts']} transcripts ({on}), {read}",
            f"{c['exercises']} exercises: {c['hints']} hints, {c['wrong_answers']} wrong answers, on {versions}",
            *([f"{stages}, {exchanges}"] if c["stages"] else []),
            problems if self.problems else "No problems.",
        ]
        return "\n".join(lines)

    def to_dict(self, root: Path) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "problems": [
                {
                    "path": str(p.path.relative_to(root)) if p.path.is_relative_to(root) else p.path.name,
                    "line": p.line,
                    "kind": p.kind,
                    "message": p.message,
                }
                for p in self.problems
            ],
            "notes": self.notes,
            "counts": dict(self.counts),
            "commands": dict(self.commands),
        }


def lint(root: Path, what: Sequence[str] = (), progress: Callable[[str], None] = lambda _: None) -> LintReport:
    """Lint the course in `root`.

    Args:
        root: the course folder.
        what: lessons (files), weeks, exercises, notebooks, ``stages`` or a stage; everything if empty.
        progress: told what is being looked at.

    Raises:
        UnknownExerciseError: for a word that is neither a lesson nor names an exercise.
    """
    report = LintReport()
    of_stages = [word for word in what if word == "stages" or word.startswith("mini.")]
    lessons, exercises = (
        ([], [])
        if what and len(of_stages) == len(what)
        else _wanted(root, [word for word in what if word not in of_stages])
    )
    found = course_binaries()
    for version in WANTED:
        if not any(b.version[:2] == version for b in found):
            name = ".".join(map(str, version))
            text = f"Redis {name} is not installed here: nothing was checked on it."
            if f"redis{name}" in os.environ.get("COURSE_REQUIRE", "").split():
                report.problems.append(Problem(root, 0, "redis", text))
            else:
                report.notes.append(text)
    binaries = [b for b in found if b.version[:2] in WANTED] or found
    _lint_lessons(report, lessons, binaries, progress)
    if not what:
        _lint_pages(report, root)
    _lint_exercises(report, root, exercises, binaries, progress)
    if of_stages or not what:
        _lint_stages(report, root, of_stages, binaries, progress)
    return report


def _wanted(root: Path, what: Sequence[str]) -> tuple[list[Path], list[Exercise]]:
    if not what:
        return sorted((root / "modules").glob("week*/[0-9]*.md")), list(catalog())
    lessons: list[Path] = []
    words: list[str] = []
    for word in what:
        path = Path(word)
        of_week = sorted((root / "modules").glob(f"{word}-*/[0-9]*.md"))
        if path.suffix == ".md" and path.is_file() and "solutions" not in path.resolve().parts:
            lessons.append(path.resolve())
            continue
        lessons += of_week
        words.append(word)
    return lessons, catalog().select(words) if words else []


def _lint_lessons(
    report: LintReport, lessons: list[Path], binaries: list[Binary], progress: Callable[[str], None]
) -> None:
    run = run_lessons(
        lessons, binaries, lambda path, version: progress(f"{path.name} on {'.'.join(map(str, version))}")
    )
    report.problems += run.problems
    report.counts["lessons"] += len(lessons)
    by_version: Counter[str] = Counter()
    for (_, version), number in run.blocks.items():
        by_version[version] += number
    report.counts["transcripts"] += max(by_version.values(), default=0)
    for (_, version), number in run.commands.items():
        report.commands[version] += number
    report.problems += check_diagrams(lessons)
    report.counts["diagrams"] += count_diagrams(lessons)


def _lint_pages(report: LintReport, root: Path) -> None:
    pages = linked_pages(root)
    report.counts["pages"] += len(pages)
    report.problems += check_links(root, set(catalog().by_slug), pages)
    others = [p for p in pages if not (p.parent.name.startswith("week") and p.name[0].isdigit())]
    report.problems += check_diagrams(others)
    report.counts["diagrams"] += count_diagrams(others)
    for path in sorted((root / "modules").glob("week*/quiz.yml")):
        try:
            report.counts["questions"] += len(read_quiz(path).questions)
        except QuizError as error:
            report.problems.append(Problem(path, 0, "quiz", str(error)))


def _lint_stages(
    report: LintReport, root: Path, what: Sequence[str], binaries: list[Binary], progress: Callable[[str], None]
) -> None:
    named = [word for word in what if word != "stages"]
    wanted = stages().select(named)
    report.problems += lint_stages(root, stages(), wanted, binaries, report.counts, progress)
    # All of them take a quarter of an hour: `course zoo --check`.
    if named:
        report.problems += check_zoo(root, {s.slug for s in wanted}, progress)
    report.counts["wrong_servers"] += len(zoo(root))


def _lint_exercises(
    report: LintReport, root: Path, wanted: list[Exercise], binaries: list[Binary], progress: Callable[[str], None]
) -> None:
    """Each notebook on each Redis is a piece of work of its own, for as many processes as there are processors."""
    by_notebook: dict[str, list[Exercise]] = {}
    for exercise in wanted:
        by_notebook.setdefault(exercise.notebook, []).append(exercise)
    work = [(root, binary, group) for group in by_notebook.values() for binary in binaries]
    done: list[tuple[list[Problem], ExerciseCounts]] = []
    if len(work) <= len(binaries):
        done = [_lint_group(*piece, progress) for piece in work]
    else:
        with ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("spawn")) as pool:
            for (_, binary, group), result in zip(work, pool.map(_lint_group, *zip(*work, strict=True)), strict=True):
                progress(f"{group[0].notebook} on {_name(binary)}")
                done.append(result)
    for (_, binary, _), (problems, counts) in zip(work, done, strict=True):
        report.problems += [Problem(p.path, p.line, p.kind, f"{p.message} (Redis {_name(binary)})") for p in problems]
        report.notes += [note for note in counts.skipped if note not in report.notes]
        if binary is binaries[-1]:
            report.counts["exercises"] += counts.exercises
            report.counts["hints"] += counts.hints
            report.counts["wrong_answers"] += counts.wrong_answers
    report.counts["versions"] += len(binaries)


def _lint_group(
    root: Path, binary: Binary, group: list[Exercise], progress: Callable[[str], None] = lambda _: None
) -> tuple[list[Problem], ExerciseCounts]:
    with standalone(binary=binary) as server:
        return lint_exercises(root, catalog(), group, server, lambda slug: progress(f"{slug} on {_name(binary)}"))


def _name(binary: Binary) -> str:
    return ".".join(map(str, binary.version))
