"""The card under a check: each promise with its mark, what broke and why, what was sent, what to do next.

HTML where a browser shows it (JupyterLab's own colours where it has them, and signal colours that can be read in its
light and its dark theme), plain text elsewhere.
"""

from __future__ import annotations

import textwrap
from html import escape
from typing import Any

from grader.checks import Exercise
from grader.checks.session import Promise
from grader.checks.stages.catalog import Stage
from grader.marking import ExerciseResult
from grader.notebook.style import CARD_STYLE, WIRE_STYLE
from grader.wire.race import Timeline

MARKS = {"kept": "✔", "broken": "✘", "untried": "·", "skipped": "–", "error": "!"}
_TONES = {"kept": "good", "broken": "bad", "untried": "dim", "skipped": "dim", "error": "odd"}
_SENT_LIMIT = 14
_CUT = "(cut here"  # how a transcript marks the place where a fault broke the connection
_LINE_LIMIT = 200


class ResultCard:
    """The card of one result.

    Args:
        exercise: what was checked.
        result: what was found.
        hints_shown: how many hints the learner has seen, to name the next one.
    """

    def __init__(self, exercise: Exercise, result: ExerciseResult, hints_shown: int = 0) -> None:
        self.exercise = exercise
        self.result = result
        self.hints_shown = hints_shown

    def _repr_html_(self) -> str:
        r = self.result
        mark, tone = self._mark()
        parts = [
            f'{CARD_STYLE}<div class="rc-card mathjax_ignore" data-status="{r.status}" style="--rc:var(--rc-{tone})">',
            f'<div class="rc-head"><b>{mark} {escape(r.title)}</b><code class="rc-dim">{escape(r.slug)}</code>',
            f'<span class="rc-dim">{escape(self._points())}</span></div>',
        ]
        if r.note:
            parts.append(f"<p>{escape(r.note)}</p>")
        if r.promises:
            parts += ["<ul>", *map(self._promise_html, r.promises), "</ul>"]
        if r.printed:
            parts.append(f"<details><summary>What your code printed</summary><pre>{escape(r.printed)}</pre></details>")
        foot = self._foot_html()
        parts.append(f'<div class="rc-foot">{foot}</div></div>' if foot else "</div>")
        return "".join(parts)

    def _promise_html(self, promise: Promise) -> str:
        tone = _TONES[promise.status]
        dim = ' class="rc-dim"' if promise.status in {"untried", "skipped"} else ""
        parts = [f'<li{dim}><span class="rc-{tone}">{MARKS[promise.status]}</span><div>{_inline(promise.text)}']
        if promise.proofs and promise.status == "kept":
            parts.append(f' <span class="rc-proof">{escape(_proved(promise.proofs))}</span>')
        if promise.status in {"broken", "error"}:
            first = promise is self.result.first_broken or promise.status == "error"
            if promise.expected:
                parts.append(
                    f"<dl><dt>promised</dt><dd>{_fact(promise.expected)}</dd>"
                    f"<dt>happened</dt><dd>{_fact(promise.happened)}</dd></dl>"
                )
            elif first or self._is_news(promise):
                parts.append(f'<p class="rc-{tone}">{_fact(promise.happened)}</p>')
            if first:
                parts.append(self._why_html(promise))
        return "".join(parts) + "</div></li>"

    def _is_news(self, promise: Promise) -> bool:
        """Whether a later promise broke in another way than the first one; the same sentence twice teaches nothing."""
        first = self.result.first_broken
        return first is None or promise.happened != first.happened

    def _why_html(self, promise: Promise) -> str:
        """Only below the first broken promise: where it broke, the misconception, what was sent."""
        parts = []
        if promise.where and promise.kind != "todo":
            parts.append(_pre(promise.where))
        if promise.misconception is not None:
            text = self.exercise.misconceptions.get(promise.misconception, "")
            parts.append(f'<div class="rc-why"><b>{escape(promise.misconception)}</b><br>{_inline(text)}</div>')
        if promise.timeline is not None:
            from grader.notebook.timeline_card import timeline_html

            parts.append(WIRE_STYLE + timeline_html(Timeline.from_dict(promise.timeline)))
        elif promise.sent:
            parts.append(_pre(_shorten(promise.sent)))
        return "".join(parts)

    def _foot_html(self) -> str:
        match self.result.status:
            case "solved":
                return f"{_inline(self.exercise.learnt)}<br><b>Next:</b> {_inline(self.exercise.onward)}"
            case "skipped" | "error":
                return ""
            case _:
                return _inline(self._next_hint())

    def _mark(self) -> tuple[str, str]:
        """The sign before the title, and its tone."""
        match self.result.status:
            case "solved":
                return MARKS["kept"], "good"
            case "skipped":
                return MARKS["skipped"], "dim"
            case "error":
                return MARKS["error"], "odd"
            case _:
                return MARKS["broken"], "bad"

    def _next_hint(self) -> str:
        total = len(self.exercise.hints)
        if self.hints_shown >= total:
            return f"All {total} hints are shown; `hint(number=1)` shows the first one again."
        return f"`hint()` shows hint {self.hints_shown + 1} of {total}."

    def _points(self) -> str:
        r = self.result
        time = f"{r.seconds * 1000:.0f} ms"
        worth = f"{r.points} point{'s' if r.points > 1 else ''}" if r.points else "practice"
        match r.status:
            case "solved" if r.points:
                return f"{r.points} of {worth} · {time}"
            case "solved":
                return f"{worth} · {time}"
            case "skipped":
                return worth
            case _:
                return f"{worth} · {r.kept} of {len(r.promises)} promises kept · {time}"

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, width: int = 100) -> list[str]:
        """The card as plain text."""
        r = self.result
        out = [f"{self._mark()[0]} {r.title}  [{r.slug}]  {self._points()}"]
        if r.note:
            out += _wrap(r.note, width, "  ")
        first = r.first_broken
        for promise in r.promises:
            proved = f" ({_proved(promise.proofs)})" if promise.proofs and promise.status == "kept" else ""
            out += _wrap(promise.text + proved, width, f"  {MARKS[promise.status]} ", "    ")
            if promise.status in {"broken", "error"}:
                if promise.expected:
                    out += _wrap(promise.expected, width, "      promised: ", "                ")
                    out += _wrap(promise.happened, width, "      happened: ", "                ")
                elif promise is first or promise.status == "error" or self._is_news(promise):
                    out += _wrap(promise.happened, width, "      ")
                if promise is first:
                    out += [f"        {line}" for line in promise.where if promise.kind != "todo"]
                    if promise.misconception:
                        why = self.exercise.misconceptions.get(promise.misconception, "")
                        out += _wrap(f"{promise.misconception}: {why}", width, "      ")
                    sent = promise.sent if promise.timeline is not None else _shorten(promise.sent)
                    out += [f"        {line}" for line in sent]
        if r.printed:
            out += ["  Your code printed:", *(f"      {line}" for line in r.printed.splitlines()[:8])]
        if r.status == "solved":
            out += _wrap(self.exercise.learnt, width, "  ")
            out += _wrap(f"Next: {self.exercise.onward}", width, "  ")
        elif r.status not in {"skipped", "error"}:
            out += _wrap(self._next_hint(), width, "  ")
        return out


class HintCard:
    """One hint of the ladder of an exercise or a stage; `number` counts from 1."""

    def __init__(self, exercise: Exercise | Stage, number: int) -> None:
        self.exercise = exercise
        self.number = number

    def _repr_html_(self) -> str:
        text = self.exercise.hints[self.number - 1]
        return (
            f'{CARD_STYLE}<div class="rc-card mathjax_ignore" style="--rc:var(--rc-hint)"><div class="rc-head">'
            f"<b>Hint {self.number} of {len(self.exercise.hints)}</b>"
            f'<code class="rc-dim">{escape(self.exercise.slug)}</code></div>'
            f"{_blocks(text)}</div>"
        )

    def __repr__(self) -> str:
        return f"Hint {self.number} of {len(self.exercise.hints)}  [{self.exercise.slug}]\n" + textwrap.indent(
            self.exercise.hints[self.number - 1], "  "
        )


def _pre(lines: list[str]) -> str:
    shown = (f'<span class="rc-bad">{escape(line)}</span>' if line.startswith(_CUT) else escape(line) for line in lines)
    return f"<pre>{chr(10).join(shown)}</pre>"


def _wrap(text: str, width: int, first: str, rest: str | None = None) -> list[str]:
    lines = []
    for paragraph in text.splitlines() or [""]:
        lines += textwrap.wrap(
            paragraph, width, initial_indent=first, subsequent_indent=first if rest is None else rest,
            break_long_words=False,
        )  # fmt: skip
        first = first if rest is None else rest
    return lines


def _fact(text: str) -> str:
    """A sentence, and below it any lines whose columns matter (bytes with a caret under the wrong one)."""
    sentence, _, view = text.partition("\n")
    return _inline(sentence) + (f"<pre>{escape(view)}</pre>" if view else "")


def _proved(proofs: list[dict[str, Any]]) -> str:
    """In how many orders of commands a race kept its promise."""
    count = sum(proof["schedules"] for proof in proofs)
    orders = f"{count:,} order{'s' * (count != 1)}"
    if all(proof["complete"] for proof in proofs):
        return f"in all {orders} that matter" if count > 1 else "in the one order that matters"
    return f"in the first {orders}"


def _shorten(sent: list[str]) -> list[str]:
    """The first and the last lines, each to a length that can be taken in; a reply may be many lines."""
    lines = [line for entry in sent for line in entry.split("\n")]
    lines = [
        line if len(line) <= _LINE_LIMIT else f"{line[:_LINE_LIMIT]} … {len(line) - _LINE_LIMIT} more" for line in lines
    ]
    if len(lines) <= _SENT_LIMIT:
        return lines
    half = _SENT_LIMIT // 2
    return [*lines[:half], f"… {len(lines) - 2 * half} more lines …", *lines[-half:]]


def _inline(text: str) -> str:
    """Escaped text with `code` between backticks set as code."""
    pieces = escape(text).split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(pieces))


def _blocks(text: str) -> str:
    """Paragraphs, with fenced code set as code blocks."""
    out = []
    for i, part in enumerate(text.split("```")):
        if i % 2:
            code = part.split("\n", 1)[1] if "\n" in part else part
            out.append(f"<pre>{escape(code.strip(chr(10)))}</pre>")
        else:
            out += [f"<p>{_inline(p)}</p>" for p in part.strip().split("\n\n") if p.strip()]
    return "".join(out)
