"""The parts of the page that are words and tables: what to do on Monday, exercises, misconceptions, learners.

Lists are bounded, so that a thousand learners give a page and not a book; what is left out is counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from grader.checks.catalog import Catalog, Exercise
from grader.cohort.report import charts, text
from grader.cohort.report.cohort import ENOUGH, Cohort, Failure, Item, Misconception, Trouble
from grader.cohort.report.map import groups, week_name

MOST_FAILURES = 200
MOST_MISCONCEPTIONS = 12
MOST_NAMES = 60
MOST_TROUBLES = 100
MOST_REPAIRS = 100
SUSPICIOUS = 0.2
"""An exercise whose discrimination is below this, chance allowed for, is worth a look."""
_CHANCE = 1.645  # standard errors: one exercise in twenty looks worse than it is by this much

Link = Callable[[Exercise], str]
"""An exercise's lesson as HTML."""


def lesson_link(base: str) -> Link:
    """Links into the lessons: `base` is put before ``modules/week1-…``; only a path or an http address can be one."""
    if re.match(r"(?!https?://)[a-z][a-z0-9+.-]*:", base.strip(), re.I):
        raise ValueError(f"Lessons are linked by a path or by http(s), not by {base!r}.")
    before = f"{base.rstrip('/')}/" if base else ""

    def link(exercise: Exercise) -> str:
        if not exercise.lesson:
            return ""
        stem = exercise.lesson.rpartition("/")[2].removesuffix(".md")
        number, _, words = stem.partition("-")
        named = f"lesson {number}: {words.replace('-', ' ')}"
        return f'<a href="{text.html(before + exercise.lesson)}">{text.html(named)}</a>'

    return link


def failures(cohort: Cohort) -> str:
    """Grader errors, before everything else."""
    if not cohort.failures:
        return ""
    rows = [_failure(f) for f in cohort.failures]
    head, rest = "".join(rows[:5]), "".join(rows[5:MOST_FAILURES])
    more = len(rows) - MOST_FAILURES
    if more > 0:
        rest += f"<li>and {more:,} more, marked ! in the map</li>"
    folded = f"<details><summary>All {len(rows):,}</summary><ul>{rest}</ul></details>" if rest else ""
    return (
        f'<section class="alarm" id="errors" aria-labelledby="errors-h"><h2 id="errors-h">The grader failed on '
        f"{text.count(len(rows), 'answer')}</h2><p>Nobody loses points by this: these exercises are left out of those "
        f"learners’ scores. A person has to look at them, or mark them again.</p><ul>{head}</ul>{folded}</section>"
    )


def _failure(failure: Failure) -> str:
    return (
        f"<li><b>{text.html(failure.exercise.title)}</b> of {text.named(failure.learner.name)}: "
        f"{text.html(text.visible(failure.sentence, 300))}</li>"
    )


def flagged(cohort: Cohort) -> list[Item]:
    """Exercises that do not tell who can do it, worst first: at most five.

    In a small cohort a correlation wanders far by chance, so it is the upper end of Fisher's interval that must be low.
    """
    odd = [i for i in cohort.items.values() if i.discrimination is not None and _at_most(i) < SUSPICIOUS]
    return sorted(odd, key=lambda i: (i.discrimination or 0.0, i.exercise.slug))[:5]


def _at_most(item: Item) -> float:
    """The upper end of the interval in which the discrimination may truly lie."""
    spread = _CHANCE / math.sqrt(item.judged - 3)
    return math.tanh(math.atanh(min(max(item.discrimination or 0.0, -0.999), 0.999)) + spread)


def monday(cohort: Cohort, link: Link) -> str:
    """The three things to do first."""
    cards = [
        card
        for card in (_teach(cohort, link), _speak(cohort), _write(cohort), _mend(cohort), _untried(cohort))
        if card is not None
    ][:3]
    if not cards:
        cards = [("Nothing presses", "<p>Everybody is on the way, and nothing is misunderstood by more than one.</p>")]
    made = "".join(f"<li><h3>{head}</h3>{body}</li>" for head, body in cards)
    head = '<section id="monday" aria-labelledby="monday-h"><h2 id="monday-h">On Monday</h2>'
    return f'{head}<ol class="cards">{made}</ol></section>'


def _teach(cohort: Cohort, link: Link) -> tuple[str, str] | None:
    most = next(iter(cohort.misconceptions), None)
    if most is None or len(most.learners) < 2:
        return None
    exercise = _exercise(cohort, most.commonest)
    return (
        f"Talk about <em>{text.label(most.name)}</em>",
        (
            f"<p><b>{len(most.learners)} of {cohort.begun}</b> learners have it, most in {text.html(exercise.title)}."
            f"</p><p>{text.prose(_first(exercise.misconceptions.get(most.name, '')))}</p><p>{link(exercise)}</p>"
        ),
    )


def _speak(cohort: Cohort) -> tuple[str, str] | None:
    stuck = cohort.of_kind("stuck") or cohort.of_kind("stretch")
    if not stuck:
        return None
    shown = "".join(
        f"<li>{text.named(t.learner.name)} <span class=dim>{t.length} wrong in a row since "
        f"{text.html(t.first.title) if t.first else ''}</span></li>"
        for t in stuck[:4]
    )
    more = f'<p><a href="#learners">and {len(stuck) - 4:,} more</a></p>' if len(stuck) > 4 else ""
    return f"Speak with {text.count(len(stuck), 'learner')} who {'is' if len(stuck) == 1 else 'are'} stuck", (
        f"<ul>{shown}</ul>{more}"
    )


def _write(cohort: Cohort) -> tuple[str, str] | None:
    away = cohort.of_kind("untouched")
    if not away:
        return None
    names = ", ".join(text.named(t.learner.name) for t in away[:8])
    more = f" and {len(away) - 8:,} more" if len(away) > 8 else ""
    return f"Write to {text.count(len(away), 'learner')} who {'has' if len(away) == 1 else 'have'} not begun", (
        f"<p>{names}{more}</p>"
    )


def _mend(cohort: Cohort) -> tuple[str, str] | None:
    odd = flagged(cohort)
    if not odd:
        return None
    worst = odd[0]
    return f"Look at <em>{text.html(worst.exercise.title)}</em>", (
        f"<p>{text.share(worst.difficulty)} solved it, and not those who do well elsewhere (discrimination "
        f"{text.signed(worst.discrimination)}). Is its text or its check misleading? "
        '<a href="#exercises">All exercises</a></p>'
    )


def _untried(cohort: Cohort) -> tuple[str, str] | None:
    items = [i for i in cohort.items.values() if i.judged and i.todo > i.judged / 2]
    if not items:
        return None
    worst = max(items, key=lambda i: i.todo / i.judged)
    return f"Ask about <em>{text.html(worst.exercise.title)}</em>", (
        f"<p>{worst.todo} of {worst.judged} have not touched it.</p>"
    )


def _first(words: str) -> str:
    """The first sentence or two of an explanation."""
    found = re.match(r".{40,}?[.!?](?=\s)", words, re.S)
    return found[0] if found else words


def _exercise(cohort: Cohort, slug: str) -> Exercise:
    return cohort.items[slug].exercise


def notebooks(cohort: Cohort, catalog: Catalog) -> str:
    """Notebook by notebook what was solved, wrong and not touched."""
    rows = []
    before = ""
    for week, title, first, number in groups(cohort.exercises, catalog):
        items = [cohort.items[e.slug] for e in cohort.exercises[first : first + number]]
        solved, wrong, todo = (sum(getattr(i, kind) for i in items) for kind in ("solved", "wrong", "todo"))
        total = max(solved + wrong + todo, 1)
        rows.append(
            f"<tr><td class='dim week'>{'' if week == before else week_name(week)}<th scope=row>{text.html(title)}"
            f"<td>{charts.bar(solved, wrong, todo, 180, 12)}<td class=n>{text.share(solved / total)}"
            f"<td class=n>{text.share(wrong / total)}<td class=n>{text.share(todo / total)}"
        )
        before = week
    return (
        '<table class="plain"><thead><tr><th scope="col"><th scope="col">notebook<th scope="col">'
        '<th scope="col" class="n">solved<th scope="col" class="n">wrong<th scope="col" class="n">untouched'
        f"</thead><tbody>{''.join(rows)}</tbody></table>"
    )


def untouched(cohort: Cohort) -> str:
    """The exercises that most left alone."""
    items = sorted(
        (i for i in cohort.items.values() if i.todo and i.todo >= i.judged / 4), key=lambda i: -i.todo / i.judged
    )
    if not items:
        return "<p>No exercise was left untouched by a quarter of those who began.</p>"
    shown = "".join(
        f"<li>{text.html(i.exercise.title)} <span class=dim>{i.todo} of {i.judged}</span></li>" for i in items[:8]
    )
    more = f"<li class=dim>and {len(items) - 8} more</li>" if len(items) > 8 else ""
    return f"<h3>Left alone by a quarter or more of those who began</h3><ul>{shown}{more}</ul>"


def items_table(cohort: Cohort) -> str:
    """Every exercise with its numbers; the heads sort it."""
    numbers: dict[str, int] = {}
    rows = []
    odd = {i.exercise.slug for i in flagged(cohort)}
    for item in cohort.items.values():
        e = item.exercise
        numbers[e.week] = numbers.get(e.week, 0) + 1
        place = f"{e.week.removeprefix('week')}.{numbers[e.week]:02d}"
        asked = "" if item.difficulty is None else f"{item.difficulty:.6f}"
        told = "" if item.discrimination is None else f"{item.discrimination:.6f}"
        shown = (
            f"<td class=n data-v={told}>{text.signed(item.discrimination)}"
            if told
            else f"<td class='n dim'>{item.reason}"
        )
        look = " <span class=look>look</span>" if e.slug in odd else ""
        rows.append(
            f'<tr><td class="dim n">{text.html(place)}<th scope=row>{text.html(e.title)}{look}'
            f"<td>{text.html(e.kind)}<td class=n>{e.points}<td>{charts.bar(item.solved, item.wrong, item.todo)}"
            f"<td class=n data-v={asked or -1}>{text.share(item.difficulty)}{shown}<td class=n>{item.judged}"
            f"<td>{text.label(item.misconception or '')}\n"
        )
    heads = (
        ("", "n"), ("exercise", ""), ("kind", ""), ("points", "n"), ("how it went", ""), ("solved", "n"),
        ("discrimination", "n"), ("n", "n"), ("commonest misconception", ""),
    )  # fmt: skip
    head = "".join(
        f'<th scope="col" class="{kind}"><button type="button">{words or "no."}</button>' for words, kind in heads
    )
    return f'<table class="plain sortable"><thead><tr>{head}</thead><tbody>{"".join(rows)}</tbody></table>'


def misconceptions(cohort: Cohort, link: Link) -> str:
    """The most common ones by name: what they mean, where they showed, who has them."""
    if not cohort.misconceptions:
        return "<p>No misconception was recognised.</p>"
    most = max(len(m.learners) for m in cohort.misconceptions)
    made = "".join(_misconception(cohort, m, most, link) for m in cohort.misconceptions[:MOST_MISCONCEPTIONS])
    rest = cohort.misconceptions[MOST_MISCONCEPTIONS:]
    if rest:
        listed = ", ".join(f"{text.label(m.name)} ({len(m.learners)})" for m in rest[:80])
        more = f" and {len(rest) - 80} more" if len(rest) > 80 else ""
        made += f"<details><summary>{len(rest)} rarer ones</summary><p>{listed}{more}</p></details>"
    return made


def _misconception(cohort: Cohort, m: Misconception, most: int, link: Link) -> str:
    exercise = _exercise(cohort, m.commonest)
    wide = 200 * len(m.learners) / most
    seen = sorted(m.holders.items(), key=lambda each: -len(each[1]))
    where = ", ".join(f"{text.html(_exercise(cohort, slug).title)} ({len(held)})" for slug, held in seen)
    who = ", ".join(text.named(each.name) for each in m.learners[:MOST_NAMES])
    more = len(m.learners) - MOST_NAMES
    return (
        f'<article class="mis"><h3>{text.label(m.name)}</h3><p class="held"><svg viewBox="0 0 200 10" width="200" '
        f'height="10" aria-hidden="true"><rect class="f-w" width="{wide:.1f}" height="10" rx="2"/></svg> '
        f"{text.count(len(m.learners), 'learner')}</p>"
        f"<p>{text.prose(exercise.misconceptions.get(m.name, 'The catalog does not explain it.'))}</p>"
        f'<p class="dim">Seen in {where}. {link(exercise)}</p>'
        f"<details><summary>Who</summary><p>{who}{f' and {more:,} more' if more > 0 else ''}</p></details></article>"
    )


_TROUBLES = (
    ("stuck", "Stuck", "The last answers they touched are all wrong."),
    ("stretch", "A hard stretch", "Many wrong in a row; they went on."),
    ("stopped", "Stopped early", "Behind it nothing is touched, though the cohort is further."),
    ("untouched", "Not begun", "Nothing is written at all."),
)


def troubles(cohort: Cohort) -> str:
    """Who does not get on, by what happened to them."""
    made = []
    for kind, head, words in _TROUBLES:
        found = cohort.of_kind(kind)
        shown = "".join(f"<li>{_trouble(t)}</li>" for t in found[:MOST_TROUBLES])
        more = f"<li class=dim>and {len(found) - MOST_TROUBLES:,} more</li>" if len(found) > MOST_TROUBLES else ""
        listed = f"<ul>{shown}{more}</ul>" if found else "<p class=dim>Nobody.</p>"
        made.append(f"<div><h3>{head} <span class=dim>{len(found):,}</span></h3><p class=dim>{words}</p>{listed}</div>")
    return f'<div class="four">{"".join(made)}</div>'


def _trouble(t: Trouble) -> str:
    who = text.named(t.learner.name)
    last, first = (text.html(e.title) if e else "" for e in (t.last, t.first))
    match t.kind:
        case "stuck" | "stretch":
            return f"{who} <span class=dim>{t.length} wrong from {first} on</span>"
        case "stopped":
            return f"{who} <span class=dim>after {last}, {t.length} left</span>"
        case _:
            return who


def put_right(cohort: Cohort) -> str:
    """Repairs that were made, what was refused, and what this Redis could not do."""
    listed = [
        f"<li>{text.named(who.name)}, {text.html(_title(cohort, slug))}: {text.html(text.visible(sentence, 300))}</li>"
        for who in cohort.learners
        for slug, sentences in who.repairs.items()
        for sentence in sentences
    ]
    noted = [
        f"<li>{text.named(who.name)}: {text.html(text.visible(note, 300))}</li>"
        for who in cohort.learners
        for note in who.notes
    ]
    skipped = [
        f"<li>{text.html(i.exercise.title)}: {text.count(i.skipped, 'learner')}. "
        f"{_why_skipped(cohort, i.exercise)}</li>"
        for i in cohort.items.values()
        if i.skipped
    ]
    return (
        _list("Repairs", "An answer that was found in spite of a broken notebook. It costs nothing.", listed)
        + _list("Noted", "What marking says of whole submissions, such as files that it refused.", noted)
        + _list("Skipped", "Exercises that the Redis they were marked on cannot do. They do not count.", skipped)
    )


def _list(head: str, words: str, rows: Sequence[str]) -> str:
    if not rows:
        return f"<div><h3>{head} <span class=dim>0</span></h3><p class=dim>None.</p></div>"
    more = f"<li class=dim>and {len(rows) - MOST_REPAIRS:,} more</li>" if len(rows) > MOST_REPAIRS else ""
    return (
        f"<div><h3>{head} <span class=dim>{len(rows):,}</span></h3><p class=dim>{words}</p>"
        f"<ul>{''.join(rows[:MOST_REPAIRS])}{more}</ul></div>"
    )


def _title(cohort: Cohort, slug: str) -> str:
    return cohort.items[slug].exercise.title if slug in cohort.items else text.visible(slug, 60)


def _why_skipped(cohort: Cohort, exercise: Exercise) -> str:
    results = (who.results.get(exercise.slug) for who in cohort.learners)
    skipped = (r for r in results if r is not None and r.status == "skipped")
    said = next((r.note or next((p.happened for p in r.promises if p.status == "skipped"), "") for r in skipped), "")
    return text.html(text.visible(said, 200))


def about_items(cohort: Cohort) -> str:
    """What the numbers of the exercises mean."""
    few = f" This cohort is smaller than {ENOUGH}." if cohort.begun < ENOUGH else ""
    return (
        "<p class=dim>Of those who have begun. <b>Discrimination</b> is the point-biserial correlation of solving an "
        "exercise with the score on all others: around 0.2 to 0.6 it tells who is getting on; near 0 or below, look at "
        f"its text and its check. n is the number of learners; under {ENOUGH} it says too few.{few}</p>"
    )
