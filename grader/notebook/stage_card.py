"""The card under a stage: green with what was learnt, red with the shortest script that shows why, or what to build.

HTML in a notebook, plain text elsewhere; the terminal colours the same lines.
"""

from __future__ import annotations

import re
import textwrap
from html import escape

from grader.checks.stages.catalog import Stage
from grader.marking.stages import StageOutcome
from grader.notebook.style import CARD_STYLE

MARKS = {"done": "✔", "wrong": "✘", "todo": "▸", "locked": "□", "unchecked": "–", "error": "!"}
TONES = {"done": "good", "wrong": "bad", "todo": "odd", "locked": "dim", "unchecked": "dim", "error": "odd"}


class StageCard:
    """The card of one stage's outcome.

    Args:
        stage: which one.
        outcome: what became of it.
        hints_shown: how many hints the learner has seen.
        following: the stage behind it, named when it is green.
        terminal: whether the next step is a command of a terminal rather than a line of a notebook.
    """

    def __init__(
        self,
        stage: Stage,
        outcome: StageOutcome,
        hints_shown: int = 0,
        following: Stage | None = None,
        terminal: bool = False,
    ) -> None:
        self.stage = stage
        self.outcome = outcome
        self.hints_shown = hints_shown
        self.following = following
        self.terminal = terminal

    @property
    def mark(self) -> str:
        """The sign before the title."""
        return MARKS[self.outcome.status]

    def head(self) -> str:
        """The first line: mark, title, slug, time."""
        seconds = f"  {self.outcome.seconds:.1f} s" if self.outcome.status in {"done", "wrong"} else ""
        return f"{self.mark} {self.stage.title}  [{self.stage.slug}]{seconds}"

    def notes(self) -> list[str]:
        """Paragraphs between the head and what was sent: why a stage is there, or what went wrong around it."""
        o = self.outcome
        why = [self.stage.why] if o.places else []
        return why if o.status == "todo" else [*why, *([o.note] if o.note else [])]

    def shown(self) -> str:
        """What is shown as it is: the exchange of a stage to build, the finding of one that is wrong."""
        if self.outcome.status == "todo":
            return self.stage.exchange
        return self.outcome.text if self.outcome.status == "wrong" else ""

    def feet(self) -> list[str]:
        """The last lines: what it behaves like, where to build, what to do next."""
        o = self.outcome
        feet = []
        if o.resembles:
            feet.append(o.resembles)
        if o.status == "done":
            feet.append(self.stage.learnt)
            if self.following is not None:
                feet.append(f"Next: {self.following.slug} ({self.following.title}).")
        if o.lacks:
            feet.append(o.lacks)
        if o.places:
            feet.append(f"Build it in {', '.join(o.places)}.")
        if o.status in {"todo", "wrong"}:
            feet.append(self._next_hint())
        return feet

    def _next_hint(self) -> str:
        total, slug = len(self.stage.hints), self.stage.slug
        ask = f"`course hint {slug}`" if self.terminal else f'`hint("{slug}")`'
        again = f"`course hint {slug} -n 1`" if self.terminal else f'`hint("{slug}", 1)`'
        if self.hints_shown >= total:
            return f"All {total} hints are shown; {again} shows the first one again."
        return f"{ask} shows hint {self.hints_shown + 1} of {total}."

    def lines(self, width: int = 100) -> list[str]:
        """The card as plain text."""
        out = [self.head()]
        for note in self.notes():
            for line in note.splitlines():
                out += textwrap.wrap(line, width - 2, initial_indent="  ", subsequent_indent="  ") or [""]
        if self.shown():
            out += ["", *(f"    {line}".rstrip() for line in self.shown().splitlines()), ""]
        for foot in self.feet():
            out += textwrap.wrap(foot, width - 2, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
        return out

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        o = self.outcome
        status = {"done": "solved", "unchecked": "skipped", "locked": "skipped"}.get(o.status, o.status)
        seconds = f'<span class="rc-dim">{o.seconds:.1f} s</span>' if o.status in {"done", "wrong"} else ""
        tone = f"--rc:var(--rc-{TONES[o.status]})"
        parts = [
            f'{CARD_STYLE}<div class="rc-card mathjax_ignore" data-status="{status}" style="{tone}">',
            f'<div class="rc-head"><b>{self.mark} {escape(self.stage.title)}</b>',
            f'<code class="rc-dim">{escape(self.stage.slug)}</code>{seconds}</div>',
        ]
        for note in self.notes():
            first, _, rest = note.partition("\n")
            parts.append(f"<p>{_inline(first)}</p>")
            if rest:
                parts.append(f"<pre>{escape(textwrap.dedent(rest))}</pre>")
        if self.shown():
            parts.append(f"<pre>{escape(self.shown())}</pre>")
        if o.resembles:
            parts.append(f'<div class="rc-why">{_inline(o.resembles)}</div>')
        feet = [foot for foot in self.feet() if foot != o.resembles]
        if feet:
            parts.append(f'<div class="rc-foot">{"<br>".join(map(_inline, feet))}</div>')
        return "".join(parts) + "</div>"


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
