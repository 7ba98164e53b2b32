"""Answers that are alike, side by side, in careful words: a place to start a conversation, never a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.cohort.report import text
from grader.cohort.report.answers import answers_of, given_code
from grader.cohort.report.cohort import Cohort
from grader.cohort.report.similarity import ALIKE, FRAGMENT, LEAST_OWN, Likeness, Match, Pair, compare
from grader.marking.submission import Submission

MOST_PAIRS = 25
MOST_MATCHES = 3
SHOWN = 6_000
"""Characters of an answer that are shown."""


def likeness(cohort: Cohort, submissions: Mapping[str, Submission], release: Submission | None) -> Likeness:
    """Compare what learners wrote; untouched starters are left out.

    Args:
        cohort: whose marks say which answers were written at all.
        submissions: learner -> what they handed in, all weeks together.
        release: what they were given, or None: then only rarity tells a starter from an answer.
    """
    texts: dict[str, dict[str, str]] = {}
    for who in cohort.learners:
        if who.name not in submissions:
            continue
        for slug, answer in answers_of(submissions[who.name], cohort.exercises, release).items():
            if who.status(slug) != "todo":
                texts.setdefault(slug, {})[who.name] = answer
    given = given_code(release, cohort.exercises) if release is not None else {}
    return compare(texts, given)


def alike_html(cohort: Cohort, found: Likeness | None) -> str:
    """The section's inside."""
    if found is None:
        return "<p class=dim>The answers themselves were not at hand, so nothing was compared.</p>"
    words = (
        f"<p>Similar is not copied. Learners who talked, who followed the same page, or who met the one natural "
        f"answer write alike; talk before you conclude. Compared are runs of {FRAGMENT} tokens with the names of "
        f"variables taken out. What everybody was given is left out, what many wrote counts as common knowledge, and "
        f"the rarer a run is in this cohort the more it weighs. A pair is listed where {text.share(ALIKE)} of the "
        f"rarer part of the shorter answer stands in the other one as well.</p><p class=dim>"
        f"{text.count(found.compared, 'answer')} compared; {found.left_out:,} left out, because they hold fewer than "
        f"about {LEAST_OWN} tokens beyond what was given or too few others answered.</p>"
    )
    if not found.pairs:
        return f"{words}<p>No pair is that much alike.</p>"
    titles = {e.slug: e.title for e in cohort.exercises}
    shown = "".join(_pair(pair, titles) for pair in found.pairs[:MOST_PAIRS])
    more = len(found.pairs) - MOST_PAIRS
    return f"{words}{shown}{f'<p class=dim>and {more:,} pairs with less in common.</p>' if more > 0 else ''}"


def _pair(pair: Pair, titles: Mapping[str, str]) -> str:
    a, b = (text.named(name) for name in pair.learners)
    listed = ", ".join(text.html(titles[m.slug]) for m in pair.matches[:MOST_MATCHES])
    more = len(pair.matches) - MOST_MATCHES
    listed += f" and {more} more" if more > 0 else ""
    body = "".join(_match(m, titles[m.slug], (a, b)) for m in pair.matches[:MOST_MATCHES])
    return (
        f"<details class=pair><summary>{a} and {b} <span class=dim>{text.count(len(pair.matches), 'exercise')}: "
        f"{listed}</span></summary>{body}</details>"
    )


def _match(match: Match, title: str, names: Sequence[str]) -> str:
    sides = "".join(
        f"<div><h5>{name}</h5><pre tabindex=0>{marked(words, spans)}</pre></div>"
        for name, words, spans in zip(names, match.texts, match.marks, strict=True)
    )
    return (
        f"<h4>{text.html(title)} <span class=dim>{text.share(match.share)} of the rarer part in common</span></h4>"
        f"<div class=sides>{sides}</div>"
    )


def marked(words: str, spans: Sequence[tuple[int, int]]) -> str:
    """Text as HTML with `spans` of it marked, cut at `SHOWN` characters."""
    parts, at = [], 0
    for start, end in spans:
        start, end = min(start, SHOWN), min(end, SHOWN)
        parts.append(_plain(words[at:start]))
        if end > start:
            parts.append(f"<mark>{_plain(words[start:end])}</mark>")
        at = end
    parts.append(_plain(words[at:SHOWN]))
    cut = f"\n… {len(words) - SHOWN:,} characters more" if len(words) > SHOWN else ""
    return "".join(parts) + cut


def _plain(words: str) -> str:
    return text.html(text.visible(words, SHOWN))
