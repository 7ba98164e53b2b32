"""One HTML page about a cohort: no outside request, no library, and nothing of a learner's that is more than text.

The Content-Security-Policy allows exactly the style sheet and the script of this page, by their hashes; there are no
style attributes and no event attributes, so markup that slipped through could still neither run nor ask for anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from grader.checks.catalog import Catalog
from grader.cohort.report import alike, charts, sections, text
from grader.cohort.report.cohort import Cohort, read_cohort
from grader.cohort.report.map import SIGNS, WORDS, facts, groups, map_html, rules, week_name
from grader.marking.marks import Marks
from grader.marking.submission import Submission

_HERE = Path(__file__).resolve().parent
TITLE = "Redis course: how the cohort is doing"
_PARTS = (
    ("monday", "On Monday"),
    ("map", "Map"),
    ("scores", "Scores"),
    ("exercises", "Exercises"),
    ("misconceptions", "Misconceptions"),
    ("learners", "Learners"),
    ("alike", "Similar answers"),
    ("repairs", "Repairs and skips"),
)


def report(
    marks: Sequence[Marks],
    catalog: Catalog,
    submissions: Mapping[str, Submission] | None = None,
    *,
    release: Submission | None = None,
    lessons: str = "",
    title: str = TITLE,
    warnings: Sequence[str] = (),
) -> str:
    """The page. The same arguments give the same text, in any order of `marks`.

    Args:
        marks: one for each submission; several of one learner are put together.
        catalog: the exercises.
        submissions: learner -> what they handed in, all weeks together; None: answers are not compared.
        release: what learners were given (`answers.handed_out`), so that it does not count as alike.
        lessons: put before ``modules/week1-…`` in links, a relative path or an http address.
        title: plain text.
        warnings: sentences to show at the top, such as about marks that could not be read.

    Raises:
        ValueError: for `lessons` that no link may have.
    """
    cohort = read_cohort(marks, catalog)
    link = sections.lesson_link(lessons)
    found = alike.likeness(cohort, submissions, release) if submissions is not None else None
    behind, limit = facts(cohort, catalog)
    inside = (
        _section("map", "Every learner, every exercise", _controls(cohort) + _map(cohort, catalog))
        + _section("scores", "Scores and progress", _scores(cohort, catalog))
        + _section("exercises", "Exercises", _exercises(cohort))
        + _section(
            "misconceptions",
            "What is misunderstood",
            f'<div class="mises">{sections.misconceptions(cohort, link)}</div>',
        )
        + _section("learners", "Who does not get on", sections.troubles(cohort))
        + _section("alike", "Similar answers", alike.alike_html(cohort, found))
        + _section("repairs", "Repairs, notes, skips", f'<div class="three">{sections.put_right(cohort)}</div>')
    )
    style = _read("page.css") + rules(cohort, catalog)
    script = _read("page.js")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{_policy(style, script)}"><meta name="referrer" content="no-referrer"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{text.html(text.visible(title, 200))}</title>'
        f"<style>{style}</style></head>\n<body>{_head(cohort, title)}{_nav()}<main>"
        f"{_warnings(cohort, warnings)}{sections.failures(cohort)}{sections.monday(cohort, link)}\n{inside}</main>"
        f'{_foot(cohort, limit)}<script type="application/json" id="facts">{behind}</script>\n'
        f"<script>{script}</script></body></html>\n"
    )


@lru_cache
def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    def digest(words: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(words.encode()).digest()).decode() + "'"

    own = f"style-src {digest(style)}; script-src {digest(script)}"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"


def _section(name: str, head: str, inside: str) -> str:
    return f'<section id="{name}" aria-labelledby="{name}-h"><h2 id="{name}-h">{head}</h2>{inside}</section>\n'


def _nav() -> str:
    links = "".join(f'<a href="#{name}">{words}</a>' for name, words in _PARTS)
    return f'<nav aria-label="Parts of this page"><div>{links}</div></nav>'


def _head(cohort: Cohort, title: str) -> str:
    weeks = list(dict.fromkeys(week_name(e.week) for e in cohort.exercises))
    about = f"{text.count(len(cohort.exercises), 'exercise')} of {', '.join(weeks)}" if weeks else "no exercise"
    numbers = (
        (f"{len(cohort.learners):,}", "learners"),
        (text.share(cohort.median), "median score"),
        (f"{len(cohort.of_kind('stuck')):,}", "stuck now"),
        (f"{len(cohort.of_kind('untouched')):,}", "not begun"),
        (f"{len(cohort.failures):,}", "grader errors"),
        (f"{sum(map(len, (s for w in cohort.learners for s in w.repairs.values()))):,}", "repairs"),
    )
    strip = "".join(f"<li><b>{number}</b><span>{words}</span></li>" for number, words in numbers)
    return (
        f'<header><div class="top"><div><h1>{text.html(text.visible(title, 200))}</h1>'
        f'<div class="dim">{about}</div></div><ul class="strip">{strip}</ul></div></header>'
    )


def _warnings(cohort: Cohort, warnings: Sequence[str]) -> str:
    said = [text.html(text.visible(w, 400)) for w in warnings[:20]]
    if len(warnings) > 20:
        said.append(f"and {len(warnings) - 20:,} more of the kind.")
    if cohort.advisory:
        which = "All" if cohort.advisory == len(cohort.learners) else f"{cohort.advisory:,} of {len(cohort.learners):,}"
        said.insert(
            0,
            f"<b>{which} learners’ marks are advisory.</b> Their code ran without a sandbox, so it could have changed "
            "its own marks. Do not hand these out as grades: install bubblewrap or Docker and mark again.",
        )
    if cohort.credit:
        said.append(text.html(cohort.credit))
    if cohort.unknown:
        names = text.html(text.visible(text.some(list(cohort.unknown), 8), 400))
        said.append(f"Left out, because this course has no such exercise: {names}.")
    return "".join(f'<div class="advice" role="note"><p>{words}</p></div>' for words in said)


def _controls(cohort: Cohort) -> str:
    weeks = list(dict.fromkeys(e.week for e in cohort.exercises))
    chosen = "".join(
        f'<button type="button" data-only="{text.html(w)}" aria-pressed="false">{week_name(w)}</button>' for w in weeks
    )
    legend = "".join(f'<li><i class="{k}">{SIGNS[k]}</i>{words}</li>' for k, words in WORDS.items())
    return (
        '<div class="controls"><fieldset><legend>sort by</legend><button type="button" data-sort="i" '
        'aria-pressed="true">score</button><button type="button" data-sort="n" aria-pressed="false">name</button>'
        "</fieldset>"
        '<fieldset><legend>show</legend><button type="button" data-only="all" aria-pressed="true">all weeks</button>'
        f'{chosen}</fieldset><label>find <input id="find" type="search" autocomplete="off"></label></div>'
        f'<ul class="legend">{legend}<li class="hint">Point at a cell, or walk with the arrow keys, to see what '
        "was broken; a click or Enter holds it.</li></ul>"
    )


def _map(cohort: Cohort, catalog: Catalog) -> str:
    if not cohort.learners or not groups(cohort.exercises, catalog):
        return (
            '<p>There are no marks yet.</p><div id="grid" hidden><div id="rows"></div></div>'
            '<div id="told" hidden></div>'
        )
    return f'<div class="scroll">{map_html(cohort, catalog)}</div><div id="told" aria-live="polite" hidden></div>'


def _scores(cohort: Cohort, catalog: Catalog) -> str:
    return (
        f'<div class="two"><div><h3>Learners by score</h3>{charts.distribution(cohort.scores, cohort.median)}'
        "<p class=dim>Points earned of those that could be: what was not handed in counts, what was skipped or failed "
        f"by the grader does not.</p>{sections.untouched(cohort)}</div>"
        f"<div><h3>Notebook by notebook</h3>{sections.notebooks(cohort, catalog)}</div></div>"
    )


def _exercises(cohort: Cohort) -> str:
    known = any(i.discrimination is not None for i in cohort.items.values())
    about = sections.about_items(cohort)
    if known:
        chart = charts.scatter(list(cohort.items.values()), sections.flagged(cohort))
        about = f'<div class="two">{chart}<div>{about}</div></div>'
    return f'{about}<div class="tall" tabindex="0">{sections.items_table(cohort)}</div>'


def _foot(cohort: Cohort, limit: int) -> str:
    return (
        f"<footer><p>How long somebody worked is not known and not shown. Texts behind the cells are cut after "
        f"{limit} characters so that the page stays small.</p></footer>"
    )
