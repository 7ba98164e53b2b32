"""A fault on display: the transcript with the place where the connection broke, and what that left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from grader.notebook.style import wire_card
from grader.notebook.transcript_card import TranscriptCard
from grader.wire.transcript import Cost

_KEYS = 12


class FaultCard:
    """What a fault did, or in how many runs none did harm.

    Args:
        cost: the transcript.
        happened: the faults that happened, a sentence each.
        why: the promise that is broken, in words; empty when none is.
        runs: how often it was run, when it held in all of them.
        left: what is in Redis afterwards, key -> content; None to leave that out.
    """

    def __init__(
        self,
        cost: Cost,
        happened: Sequence[str],
        why: str = "",
        runs: int = 0,
        left: Mapping[str, str] | None = None,
    ) -> None:
        self.cost = cost
        self.happened = list(happened)
        self.why = why
        self.runs = runs
        self.left = left

    @property
    def held(self) -> bool:
        """Whether what must always hold does."""
        return not self.why

    def _verdict(self) -> tuple[str, str]:
        """Tone and title."""
        if self.runs:
            return "good", "✔ Wherever it dies, it holds"
        if self.why:
            return "bad", "✘ Dying here breaks it"
        return "hint", "On the wire"

    def _left(self) -> list[str]:
        """What is in Redis afterwards, a line a key."""
        if self.left is None:
            return []
        lines = [f"{key} = {held}" for key, held in list(self.left.items())[:_KEYS]]
        more = len(self.left) - len(lines)
        return [*lines, f"… {more} more keys"] if more > 0 else lines or ["nothing"]

    def _explained(self) -> str:
        if not self.runs:
            return ""
        deaths = self.runs - 1
        return f"Run once unharmed and {deaths} times with the connection cut: before and after each command."

    def _unseen(self) -> list[str]:
        """The faults that the transcript itself does not show: a cut stands at its command there."""
        seen = any(each.lost.startswith("cut here") for each in self.cost.exchanges)
        return [each for each in self.happened if not (seen and "was cut" in each)]

    def _repr_html_(self) -> str:
        tone, title = self._verdict()
        parts = []
        if self._explained():
            parts.append(f"<p>{escape(self._explained())}</p>")
        if self.cost.exchanges:
            parts.append(f'<div class="rw-body">{TranscriptCard(self.cost).rows_html()}</div>')
        parts += [f'<div class="rw-broke">{escape(each)}</div>' for each in self._unseen()]
        if self._left():
            lines = "".join(f"<div>{escape(each)}</div>" for each in self._left())
            parts.append(f'<div class="rw-left"><span>in Redis afterwards</span><div>{lines}</div></div>')
        if self.why:
            parts.append(f'<div class="rw-why" style="--rc-tone:var(--rc-{tone})">{escape(self.why)}</div>')
        return wire_card(tone, title, "", "".join(parts))

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """The card as plain text."""
        out = [self._verdict()[1]]
        if self._explained():
            out.append(f"  {self._explained()}")
        if self.cost.exchanges:
            out += TranscriptCard(self.cost).lines()[1:]
        out += [f"  {each}" for each in self._unseen()]
        if self._left():
            out += ["  In Redis afterwards:", *(f"    {each}" for each in self._left())]
        return [*out, f"  {self.why}"] if self.why else out
