"""The report as Markdown, for a step's summary, a check run or a comment.

What a learner wrote stands in fenced blocks only, behind a fence longer than any in it: there GitHub makes no HTML,
no link and no mention of it, and calls nobody. All else is the course's own text.
"""

from __future__ import annotations

import re

from grader.checks import Catalog
from grader.checks.stages.catalog import Stages
from grader.marking.printable import one_line, printable, shortened
from grader.marking.reports import GradeReport, caveats, totals
from grader.marking.result import ExerciseResult

# A check run takes 65,535 characters, a step's summary 1 MiB.
LONGEST = 60_000
_MOST_LINES = 24
_LONGEST_LINE = 300
_MARKS = {
    "solved": "✔ solved", "wrong": "✘ wrong", "todo": "· not written yet", "skipped": "– skipped",
    "error": "! could not be graded",
}  # fmt: skip


def as_markdown(report: GradeReport, exercises: Catalog | Stages, longest: int = LONGEST) -> str:
    """The whole report in at most `longest` bytes of UTF-8; what does not fit is counted in the last line."""
    parts = [f"## {totals(report)}"]
    parts += caveats(report)
    if report.marks.notes:
        parts.append("What was handed in needs a look:\n\n" + fenced("\n".join(report.marks.notes)))
    parts.append(_table(report, exercises))
    used = sum(len(p.encode()) + 2 for p in parts)
    left_out = 0
    for r in report.results:
        repairs = report.marks.repairs.get(r.slug, [])
        if r.status == "solved" and not repairs:
            continue
        part = _details(report, exercises, r, repairs)
        size = len(part.encode()) + 2
        if used + size > longest - 200:
            left_out += 1
            continue
        used += size
        parts.append(part)
    if left_out:
        parts.append(f"{left_out} more did not fit; grade.json has them all.")
    return "\n\n".join(parts) + "\n"


def fenced(text: str) -> str:
    """A stranger's text as a fenced block that it cannot leave: made printable, cut to some lines."""
    lines = [shortened(line, _LONGEST_LINE) for line in printable(text).split("\n")]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"… {len(lines) - _MOST_LINES + 1} more lines"]
    body = "\n".join(lines)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
    return f"{fence}text\n{body}\n{fence}"


def _table(report: GradeReport, exercises: Catalog | Stages) -> str:
    rows = ["| exercise | | points | what it looks like |", "| --- | --- | ---: | --- |"]
    for r in report.results:
        name = r.misconception if r.misconception in exercises[r.slug].misconceptions else ""
        title = exercises[r.slug].title.replace("|", "\\|")
        rows.append(f"| `{r.slug}` {title} | {_MARKS[r.status]} | {r.earned:g}/{r.points} | {name} |")
    return "\n".join(rows)


def _details(report: GradeReport, exercises: Catalog | Stages, r: ExerciseResult, repairs: list[str]) -> str:
    exercise, place = exercises[r.slug], report.place(r)
    lines = [f"### {r.slug}: {exercise.title}", f"`{place.file}`, line {place.line}"]
    told = exercise.misconceptions.get(r.misconception or "")
    if told:
        lines.append(f"**{r.misconception}**: {' '.join(told.split())}")
    first = next((p for p in r.promises if p.status in {"broken", "error"}), None)
    if first is not None:
        said = [one_line(first.text), *([f"expected: {first.expected}"] if first.expected else [])]
        said += [f"happened: {first.happened}", *first.where, *(f"> {sent}" for sent in first.sent)]
        lines.append(fenced("\n".join(said)))
    elif r.note:
        lines.append(fenced(r.note))
    if repairs:
        lines.append("Put right before it was marked:\n\n" + fenced("\n".join(repairs)))
    return "\n\n".join(lines)
