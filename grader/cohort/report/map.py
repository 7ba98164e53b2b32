"""The map: a row for each learner, a column for each exercise, and what lies behind every cell.

What lies behind travels as data in the page (a table of texts, each held once) and is shown by the page's script as
text, never as markup. It is bounded: where a cohort says too much, texts are cut shorter until the whole fits.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

from grader.checks.catalog import Catalog, Exercise
from grader.cohort.own_servers import PREFIX, is_server
from grader.cohort.report import charts, text
from grader.cohort.report.cohort import Cohort, Learner, by_name, by_score
from grader.marking.result import ExerciseResult

FACTS_BYTES = 4_000_000
"""How many characters of learners' texts the page may hold for its cells, all together."""
_LIMITS = (700, 400, 240, 140, 80, 40)
_SENT = 10  # lines of a transcript
SIGNS = {"s": "✓", "p": "½", "w": "×", "t": "·", "k": "–", "e": "!", "m": ""}
WORDS = {
    "s": "solved",
    "p": "partly",
    "w": "wrong",
    "t": "not touched",
    "k": "skipped",
    "e": "grader error",
    "m": "not handed in",
}
_LETTERS = {"solved": "s", "wrong": "w", "todo": "t", "skipped": "k", "error": "e", "missing": "m"}


def letter(who: Learner, exercise: Exercise) -> str:
    """One letter for a cell; also its class in the style sheet."""
    status = who.status(exercise.slug)
    if status == "wrong" and who.results[exercise.slug].earned > 0:
        return "p"
    return _LETTERS.get(status, "e")


def groups(exercises: Sequence[Exercise], catalog: Catalog) -> list[tuple[str, str, int, int]]:
    """The notebooks as runs of columns: week, title, first column, number of columns."""
    titles = {n.path: n.title for n in catalog.notebooks}
    found: list[tuple[str, str, int, int]] = []
    last = ""
    for i, e in enumerate(exercises):
        if e.notebook == last:
            week, title, first, number = found[-1]
            found[-1] = (week, title, first, number + 1)
        else:
            found.append((e.week, titles.get(e.notebook, e.notebook), i, 1))
        last = e.notebook
    return found


def map_html(cohort: Cohort, catalog: Catalog) -> str:
    """The rows, best learners first; without the script they are complete but for what lies behind the cells.

    Not a table element: a browser lays out ninety thousand cells of a table at once, in seconds, but a row that is a
    box of its own only when it comes into sight. The script names a cell to screen readers when it has the focus.
    """
    ranked = sorted(cohort.learners, key=by_score)
    names = {who.name: i for i, who in enumerate(sorted(cohort.learners, key=by_name))}
    size = "large" if len(ranked) <= 20 else "medium" if len(ranked) <= 120 else "small"
    rows = []
    for rank, who in enumerate(ranked):
        cells = "".join(f"<i class={k}>{SIGNS[k]}</i>" for k in (letter(who, e) for e in cohort.exercises))
        score = text.share(who.score).removesuffix(" %")
        rows.append(
            f"<div class=cells data-i={rank} data-n={names[who.name]}>{_who(who)}<span>{score}</span>{cells}</div>\n"
        )
    said = "Map of results. Arrow keys walk from cell to cell, Enter holds one, Escape lets it go."
    return (
        f'<div id="grid" class="{size}" data-week="all" role="group" aria-label="{said}">{_head(cohort, catalog)}'
        f'<div id="rows">{"".join(rows)}</div></div>'
    )


def _who(who: Learner) -> str:
    return f"<b>{text.named(who.name)}</b>"


def _head(cohort: Cohort, catalog: Catalog) -> str:
    runs = groups(cohort.exercises, catalog)
    weeks = "".join(f"<b>{week_name(week)}</b>" for week in dict.fromkeys(week for week, *_ in runs))
    books = "".join(f'<span title="{text.html(t)}">{text.html(t)}</span>' for _, t, _, _ in runs)
    titles = "".join(
        f'<span class="title" title="{text.html(e.title)}"><span>{text.html(e.title)}</span></span>'
        for e in cohort.exercises
    )
    shares = "".join(
        f'<span title="{text.share(item.difficulty)} solved">{charts.column(item.difficulty)}</span>'
        for item in cohort.items.values()
    )
    return (
        f'<div id="head"><div class="weeks"><span></span>{weeks}</div><div class="books"><span></span>{books}</div>'
        f'<div class="titles cells"><b>learner</b><span class="title"><span>score, %</span></span>{titles}</div>'
        f'<div class="shares cells"><b>share solved</b><span></span>{shares}</div></div>'
    )


def week_name(week: str) -> str:
    """``Week 1`` of ``week1``, ``Server 1`` of ``miniredis-week1``."""
    what, number = ("Server", week.removeprefix(PREFIX)) if is_server(week) else ("Week", week)
    return f"{what} {text.html(number.removeprefix('week'))}"


def rules(cohort: Cohort, catalog: Catalog) -> str:
    """Style of this cohort's columns: where notebooks and weeks begin, and which a choice of one week leaves out.

    As rules of the style sheet rather than a class in each of a hundred thousand cells.
    """
    runs = groups(cohort.exercises, catalog)
    weeks = list(dict.fromkeys(week for week, *_ in runs))
    sizes = {week: sum(number for w, _, _, number in runs if w == week) for week in weeks}
    made = [f"#grid{{--n:{len(cohort.exercises)}}}"]
    made += [f".weeks>:nth-child({i + 2}){{grid-column:span {sizes[week]}}}" for i, week in enumerate(weeks)]
    made += [f".books>:nth-child({i + 2}){{grid-column:span {number}}}" for i, (*_, number) in enumerate(runs)]
    for before, (week, _, first, _) in itertools.pairwise(runs):
        width = 3 if before[0] != week else 1
        made.append(f".cells>:nth-child({first + 3}){{border-left:{width}px solid var(--page)}}")
    for week in weeks:
        first = next(first for w, _, first, _ in runs if w == week)
        only = f'[data-week="{week}"]'
        gone = [f".cells>:nth-child(n+3):nth-child(-n+{first + 2})", f".cells>:nth-child(n+{first + sizes[week] + 3})"]
        gone += [f".books>:nth-child({i + 2})" for i, (w, *_) in enumerate(runs) if w != week]
        gone += [f".weeks>:nth-child({i + 2})" for i, w in enumerate(weeks) if w != week]
        made.append(f"#grid{only}{{--n:{sizes[week]}}}")
        made.append(f"{','.join(f'{only} {each}' for each in gone)}{{display:none!important}}")
    return "\n".join(made)


class _Texts:
    """Texts held once each, as learners left them; how much of each is shown is known when all are there."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {"": 0}

    def place(self, words: str) -> int:
        """Where `words` are in the table of texts."""
        return self.places.setdefault(words, len(self.places))

    def limit(self) -> int:
        """To how many characters each is cut, so that all of them keep within `FACTS_BYTES`."""
        for limit in _LIMITS:
            if sum(min(len(words), limit) for words in self.places) <= FACTS_BYTES:
                return limit
        return _LIMITS[-1]


def facts(cohort: Cohort, catalog: Catalog) -> tuple[str, int]:
    """What lies behind the cells, as JSON that is safe inside of a script element, and the limit texts were cut to.

    ``rows[rank]`` maps a column to places in ``texts``: promise, what was expected, what happened, misconception,
    transcript, note, repairs; 0 is nothing.
    """
    ranked = sorted(cohort.learners, key=by_score)
    texts = _Texts()
    rows = [_row(who, cohort.exercises, texts) for who in ranked]
    limit = texts.limit()
    means = sorted(
        {(e.slug, name): words for e in cohort.exercises for name, words in e.misconceptions.items()}.items()
    )
    held = {(e.slug, m) for who in ranked for e in cohort.exercises if (m := _misconception(who, e))}
    data: dict[str, Any] = {
        # What is written out grows; a text made of unseen characters only must not make the page six times as long.
        "texts": [text.visible(words, limit)[: 2 * limit + 60] for words in texts.places],
        "names": [text.name(who.name) for who in ranked],
        "exercises": [[e.title, e.slug, week_name(e.week)] for e in cohort.exercises],
        "means": {f"{slug} {name}": words for (slug, name), words in means if (slug, name) in held},
        "words": WORDS,
        "rows": rows,
    }
    return safe_json(data), limit


def _misconception(who: Learner, e: Exercise) -> str | None:
    result = who.results.get(e.slug)
    return result.misconception if result is not None and result.status == "wrong" else None


def _row(who: Learner, exercises: Sequence[Exercise], texts: _Texts) -> dict[str, list[int]]:
    row = {}
    for i, e in enumerate(exercises):
        result = who.results.get(e.slug)
        repairs = "\n".join(who.repairs.get(e.slug, ()))
        if result is None or (result.status in {"solved", "todo"} and not repairs):
            continue
        places = [texts.place(words) for words in (*_behind(result), repairs)]
        while places and not places[-1]:
            places.pop()
        row[str(i)] = places
    return row


def _behind(result: ExerciseResult) -> tuple[str, str, str, str, str, str]:
    """The first promise that was not kept: what it says, expected, happened, misconception, sent; and the note."""
    told = result.first_broken or next((p for p in result.promises if p.status in {"error", "skipped"}), None)
    if told is None or result.status in {"solved", "todo"}:
        return "", "", "", "", "", result.note
    lines = told.sent[:_SENT] + ([f"… {len(told.sent) - _SENT} more"] if len(told.sent) > _SENT else [])
    sent = "\n".join([*(told.where[:2] if told.kind == "raised" else ()), *lines])
    return told.text, told.expected, told.happened, result.misconception or "", sent, result.note


def safe_json(data: Any) -> str:
    """JSON that no text inside of it can end: `<` would close the element, the others confuse parsers."""
    packed = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        packed = packed.replace(sign, f"\\u{ord(sign):04x}")
    return packed
