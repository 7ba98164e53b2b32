"""The cohort on a terminal: the same three things as the page's first screen, in forty lines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from grader.checks.catalog import Catalog
from grader.cohort.report import text
from grader.cohort.report.cohort import Cohort, read_cohort
from grader.cohort.report.map import groups
from grader.marking.marks import Marks

_BAR = 24


def summary(marks: Sequence[Marks], catalog: Catalog) -> RenderableType:
    """What to print on a `rich` console. Learners' texts are plain text in it: neither markup nor terminal codes."""
    cohort = read_cohort(marks, catalog)
    parts: list[RenderableType] = [_first_line(cohort)]
    if cohort.failures:
        parts.append(_failures(cohort))
    if cohort.advisory:
        said = (
            f"{cohort.advisory:,} of {len(cohort.learners):,} learners’ marks are advisory: no sandbox held their code."
        )
        parts.append(Text(said, style="bold yellow"))
    if cohort.credit:
        parts.append(Text(cohort.credit, style="yellow" if cohort.without_credit else ""))
    return Group(*parts, _notebooks(cohort, catalog), _misconceptions(cohort), _troubles(cohort))


def _first_line(cohort: Cohort) -> Text:
    return Text.assemble(
        (text.count(len(cohort.learners), "learner"), "bold"),
        f" · {text.count(len(cohort.exercises), 'exercise')} · median {text.share(cohort.median)} · ",
        f"{len(cohort.of_kind('stuck')):,} stuck · {len(cohort.of_kind('untouched')):,} not begun",
    )


def _failures(cohort: Cohort) -> RenderableType:
    lines = [
        f"{f.exercise.title}, {text.name(f.learner.name)}: {text.visible(f.sentence, 160)}" for f in cohort.failures[:8]
    ]
    if len(cohort.failures) > 8:
        lines.append(f"and {len(cohort.failures) - 8:,} more")
    head = (
        f"The grader failed on {text.count(len(cohort.failures), 'answer')}. Nobody loses points; a person has to look."
    )
    return Panel(Text("\n".join(lines)), title=Text(head), border_style="red", title_align="left")


def _notebooks(cohort: Cohort, catalog: Catalog) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Notebooks", title_justify="left", title_style="bold")
    for name in ("week", "notebook", "", "solved", "wrong", "untouched"):
        table.add_column(name, justify="right" if name in {"solved", "wrong", "untouched"} else "left", style=None)
    for week, title, first, number in groups(cohort.exercises, catalog):
        items = [cohort.items[e.slug] for e in cohort.exercises[first : first + number]]
        counts = [sum(getattr(i, kind) for i in items) for kind in ("solved", "wrong", "todo")]
        total = max(sum(counts), 1)
        solved, wrong = (round(_BAR * c / total) for c in counts[:2])
        bar = Text.assemble(("█" * solved, "blue"), ("▒" * wrong, "yellow"), ("·" * (_BAR - solved - wrong), "dim"))
        table.add_row(week.removeprefix("week"), Text(title), bar, *(text.share(c / total) for c in counts))
    return table


def _misconceptions(cohort: Cohort) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Misconceptions", title_justify="left", title_style="bold")
    for name in ("learners", "name", "most in"):
        table.add_column(name, justify="right" if name == "learners" else "left")
    for m in cohort.misconceptions[:6]:
        title = cohort.items[m.commonest].exercise.title
        table.add_row(str(len(m.learners)), Text(text.visible(m.name, 60)), Text(title))
    return table


def _troubles(cohort: Cohort) -> Table:
    table = Table(
        box=None,
        padding=(0, 2, 0, 0),
        show_header=False,
        title="Who does not get on",
        title_justify="left",
        title_style="bold",
    )
    for kind, words in (
        ("stuck", "stuck"),
        ("stretch", "hard stretch"),
        ("stopped", "stopped"),
        ("untouched", "not begun"),
    ):
        found = [text.name(t.learner.name) for t in cohort.of_kind(kind)]
        table.add_row(words, str(len(found)), Text(text.some(found, 6)))
    return table
