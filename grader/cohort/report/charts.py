"""The charts of the report, as SVG inside of the page: its style sheet colours them, so they follow light and dark.

Hand-made rather than drawn by matplotlib, because they are bars and dots, and a picture of matplotlib's brings fonts,
fixed colours and style attributes that the page's Content-Security-Policy refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

from grader.cohort.report.cohort import Item
from grader.cohort.report.text import count, html, share

_WIDTH, _HEIGHT = 520, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 24, 22, 42


def bar(solved: int, wrong: int, todo: int, width: int = 120, height: int = 10) -> str:
    """How an exercise went, as one stacked bar; the words for those who do not see it."""
    total = solved + wrong + todo
    if not total:
        return '<span class="dim">nobody</span>'
    parts, x = [], 0.0
    for kind, number in (("s", solved), ("w", wrong), ("t", todo)):
        wide = width * number / total
        if number:
            parts.append(f'<rect class="f-{kind}" x="{x:.1f}" width="{wide:.1f}" height="{height}"/>')
        x += wide
    said = f"{solved} solved, {wrong} wrong, {todo} untouched"
    return (
        f'<svg class="bar" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{said}"><title>{said}</title>{"".join(parts)}</svg>'
    )


def column(value: float | None) -> str:
    """A share as a small column for the head of the map."""
    tall = 0.0 if value is None else value * 26
    return (
        '<svg viewBox="0 0 8 26" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="f-t" width="8" height="26"/>'
        f'<rect class="f-s" y="{26 - tall:.1f}" width="8" height="{tall:.1f}"/></svg>'
    )


def distribution(scores: Sequence[float], median: float | None) -> str:
    """How many learners have which score, in steps of ten per cent."""
    bins = [0] * 10
    for score in scores:
        bins[bin_of(score)] += 1
    most = max([*bins, 1])
    wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    parts = []
    for i, number in enumerate(bins):
        high = tall * number / most
        x = _LEFT + wide * i / 10
        parts.append(
            f'<rect class="f-s" x="{x + 2:.1f}" y="{_TOP + tall - high:.1f}" width="{wide / 10 - 4:.1f}" '
            f'height="{high:.1f}" rx="2"><title>{i * 10} to {i * 10 + 10} %: {count(number, "learner")}</title></rect>'
        )
        if number:
            parts.append(_text(x + wide / 20, _TOP + tall - high - 5, str(number), "middle"))
    parts += [_text(_LEFT + wide * i / 5, _TOP + tall + 16, f"{i * 20} %", "middle", "dim") for i in range(6)]
    parts.append(_text(_LEFT + wide / 2, _HEIGHT - 8, "share of the points that could be earned", "middle", "dim"))
    if median is not None:
        x = _LEFT + wide * median
        side = "end" if median > 0.75 else "start"
        parts.append(f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 14}" y2="{_TOP + tall}"/>')
        parts.append(_text(x + (-5 if side == "end" else 5), _TOP - 8, f"median {share(median)}", side, "strong"))
    return _chart(parts, "Distribution of scores: " + ", ".join(f"{i * 10} % {n}" for i, n in enumerate(bins)))


def bin_of(score: float) -> int:
    """The tenth a score falls into, 0 to 9; a full score belongs to the last one."""
    # 0.3 / 0.1 is 2.9999…: a score on a boundary belongs above it.
    return min(max(int(score * 10 + 1e-9), 0), 9)


def scatter(items: Sequence[Item], flagged: Sequence[Item]) -> str:
    """Every exercise by the share that solved it and its discrimination; the flagged ones with their titles."""
    known = [i for i in items if i.discrimination is not None and i.difficulty is not None]
    low = min([0.0, *(i.discrimination or 0.0 for i in known)]) - 0.06
    high = max([0.6, *(i.discrimination or 0.0 for i in known)]) + 0.06
    wide, tall = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(item: Item) -> tuple[float, float]:
        x = _LEFT + wide * (item.difficulty or 0.0)
        return x, _TOP + tall * (high - (item.discrimination or 0.0)) / (high - low)

    parts = []
    for step in range(-10, 11, 2):
        if low <= step / 10 <= high:
            y = _TOP + tall * (high - step / 10) / (high - low)
            kind = "zero" if step == 0 else "grid"
            parts.append(f'<line class="{kind}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(_text(_LEFT - 6, y + 4, f"{step / 10:.1f}", "end", "dim"))
    parts += [_text(_LEFT + wide * i / 5, _TOP + tall + 16, f"{i * 20} %", "middle", "dim") for i in range(6)]
    parts.append(_text(_LEFT + wide / 2, _HEIGHT - 8, "share that solved it", "middle", "dim"))
    parts.append(_text(_LEFT - 36, _TOP - 8, "discrimination", "start", "dim"))
    named = {i.exercise.slug for i in flagged}
    for item in known:
        x, y = place(item)
        said = f"{html(item.exercise.title)}: {share(item.difficulty)} solved, {item.discrimination:.2f}"
        kind = "dot odd" if item.exercise.slug in named else "dot"
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{said}</title></circle>')
    parts += _labels([(*place(i), i.exercise.title) for i in flagged])
    return _chart(parts, f"{len(known)} exercises by the share that solved them and their discrimination")


def _labels(wanted: Sequence[tuple[float, float, str]]) -> list[str]:
    """Titles beside their dots, moved up or down where they would lie on one another."""
    placed: list[float] = []
    parts = []
    for x, y, title in sorted(wanted, key=lambda each: each[1]):
        at = y + 4
        while any(abs(at - other) < 13 for other in placed):
            at += 3
        placed.append(at)
        left = x > _WIDTH * 0.6
        parts.append(_text(x + (-8 if left else 8), at, title, "end" if left else "start", "strong"))
    return parts


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html(text)}</text>'


def _chart(parts: Sequence[str], said: str) -> str:
    head = f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{html(said)}">'
    return f"{head}{''.join(parts)}</svg>"
