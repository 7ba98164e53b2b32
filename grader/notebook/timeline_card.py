"""A race on display: a column an actor, time downwards, beside it what each step changed in Redis.

The card of ``race()`` in a notebook, and the table below a promise that a race broke (`grader.notebook.card`).
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import zip_longest

from grader.notebook.style import wire_card
from grader.notebook.transcript_card import spoken_html
from grader.wire.race import NOT_ENDED, ActorFailed, NotReproducible, Outcome, RaceFound, Row, Timeline

_REPLY_LINES = 6


def timeline_html(timeline: Timeline, called: Sequence[str] = ()) -> str:
    """The rows of a timeline; `called` says what each actor runs, for the head of its column."""
    lanes = len(timeline.names)
    states = bool(timeline.start) or any(row.changes for row in timeline.rows)
    heads = "".join(
        f'<span class="rw-lane rw-{at % 3}">{escape(name)}{f" <code>{escape(what)}</code>" if what else ""}</span>'
        for at, (name, what) in enumerate(zip_longest(timeline.names, called[:lanes], fillvalue=""))
    )
    redis = '<span class="rw-lane rc-dim">in Redis afterwards</span>' if states else ""
    out = [f'<div class="rw-names"><span></span>{heads}{redis}</div>']

    def row(number: str, cells: Sequence[str], state: str, on: int | None = None) -> str:
        told = "".join(
            f'<div class="rw-lane rw-cell rw-{at % 3}{" rw-on" if at == on else ""}">{cell}</div>'
            for at, cell in enumerate(cells)
        )
        beside = f'<div class="rw-lane rw-cell rw-state">{state}</div>' if states else ""
        return f'<div class="rw-row"><span class="rw-no">{number}</span>{told}{beside}</div>'

    if timeline.start:
        held = "".join(f"<div>{escape(key)} = {escape(value)}</div>" for key, value in timeline.start.items())
        out.append(row("", [""] * lanes, f'<div class="rw-reply">{held}</div>'))
    for number, step in enumerate(timeline.rows, 1):
        cells = [_said(step) if at == step.actor else "" for at in range(lanes)]
        out.append(row(str(number), cells, _changes(step), step.actor))
    if timeline.results:
        said = [result if result == NOT_ENDED else f"returned {result}" for result in timeline.results]
        results = [f'<div class="rw-result">{escape(each)}</div>' for each in said]
        out.append(row("", results, ""))
    look = "rw-body rw-states" if states else "rw-body"
    return f'<div class="{look}" style="--lanes:{lanes}">{"".join(out)}</div>'


def _said(step: Row) -> str:
    out = []
    for command, reply in zip(step.commands, step.replies, strict=False):
        if command.startswith("("):  # nothing that was sent: it slept
            out.append(f'<div class="rw-result">{escape(command)}</div>')
            continue
        lines = reply.split("\n")
        if len(lines) > _REPLY_LINES:
            lines = [*lines[: _REPLY_LINES - 1], f"… {len(lines) - _REPLY_LINES + 1} more lines"]
        tone = "rc-bad" if reply.startswith("(error)") else "rw-reply"
        out.append(spoken_html(command, "\n".join(lines), tone))
    return "".join(out)


def _changes(step: Row) -> str:
    out = []
    for key, held in step.changes.items():
        text = f"{key} = {held}" if held is not None else f"{key} is gone"
        out.append(f'<div><span class="rw-new">{escape(text)}</span></div>')
    return "".join(out)


class RaceCard:
    """What a race came to.

    `held` is True when no schedule broke the invariant, False when one did, None when nothing can be said.
    `timeline` is the schedule that broke it, and `schedule` the word that replays it: ``race(…, replay="ABBA")``.

    Args:
        found: how the race ended.
        called: what each actor runs.
        astray: how many commands went past the race, to the learner's own Redis.
    """

    def __init__(
        self,
        found: Outcome | RaceFound | ActorFailed | NotReproducible,
        called: Sequence[str] = (),
        astray: int = 0,
    ) -> None:
        self.found = found
        self.called = list(called)
        self.astray = astray

    @property
    def held(self) -> bool | None:
        """Whether the invariant held; None when that could not be found out."""
        match self.found:
            case Outcome():
                return True
            case RaceFound():
                return False if self.found.timeline.reproduced else None
            case ActorFailed():
                return False
            case _:
                return None

    @property
    def timeline(self) -> Timeline | None:
        """The schedule that is shown, if there is one."""
        return self.found.timeline if isinstance(self.found, RaceFound | ActorFailed) else None

    @property
    def schedule(self) -> str:
        """Who moved, step by step, as one word; empty when no schedule is shown."""
        return self.timeline.schedule if self.timeline is not None else ""

    def _verdict(self) -> tuple[str, str, str]:
        """Mark, tone and title."""
        found = self.found
        match found:
            case Outcome(complete=True):
                return "✔", "good", "Held in every order that matters"
            case Outcome() if found.bound == 1:
                return "✔", "good", "Held in this order"
            case Outcome():
                return "✔", "good", f"Held in the first {found.schedules:,} orders"
            case RaceFound() if found.timeline.reproduced:
                return "✘", "bad", "This order breaks it"
            case RaceFound():
                return "!", "odd", "An order broke it once, and not again"
            case ActorFailed():
                return "✘", "bad", f"{found.name} did not get to its end"
            case _:
                return "!", "odd", "Nothing could be proved"

    def _effort(self) -> str:
        found = self.found
        match found:
            case Outcome():
                return f"{_orders(found.schedules)} · {found.seconds * 1000:.0f} ms"
            case RaceFound():
                return f"found after {_orders(max(found.schedules, 1))} · {found.seconds * 1000:.0f} ms"
            case _:
                return ""

    def _why(self) -> str:
        found = self.found
        match found:
            case Outcome(complete=True):
                return (
                    "Every order of the steps was tried, but for those that only swap steps which do not touch the "
                    "same keys."
                )
            case Outcome() if found.bound == 1:
                return "Only the one order that was asked for was run."
            case Outcome():
                limit = f"bound of {found.bound:,}" if found.schedules >= found.bound else "time limit"
                return f"The {limit} was reached before every order had been tried; another may break it."
            case RaceFound() if found.timeline.reproduced:
                return found.timeline.why
            case RaceFound():
                return (
                    f"{found.timeline.why}. But when the same order was run again, it held. Does the code look at the "
                    "clock, at chance, or at a variable that an earlier call has left?"
                )
            case ActorFailed():
                return str(found)
            case _:
                return str(found)

    def _astray(self) -> str:
        if not self.astray:
            return ""
        went = "1 command" if self.astray == 1 else f"{self.astray:,} commands"
        return (
            f"{went} went through a client of connect() to your own Redis, where the race does not look. Use the "
            "client that the function is called with."
        )

    def _repr_html_(self) -> str:
        mark, tone, title = self._verdict()
        parts = []
        if self.timeline is not None:
            parts.append(timeline_html(self.timeline, self.called))
        why = escape(self._why())
        parts.append(f'<div class="rw-why" style="--rc-tone:var(--rc-{tone})">{why}</div>')
        if self._astray():
            parts.append(f'<p class="rc-odd">{escape(self._astray())}</p>')
        if self.schedule and isinstance(self.found, RaceFound):
            parts.append(
                f'<div class="rc-foot rc-dim">To see this order again: <code>race(…, replay="{escape(self.schedule)}")'
                "</code></div>"
            )
        return wire_card(tone, f"{mark} {title}", self._effort(), "".join(parts))

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """The card as plain text."""
        mark, _, title = self._verdict()
        effort = self._effort()
        out = [f"{mark} {title}" + (f"  ({effort})" if effort else "")]
        if self.timeline is not None:
            out += [f"  {line}" for line in self.timeline.lines()]
        out.append(f"  {self._why()}")
        if self._astray():
            out.append(f"  {self._astray()}")
        if self.schedule and isinstance(self.found, RaceFound):
            out.append(f'  To see this order again: race(…, replay="{self.schedule}")')
        return out


def _orders(count: int) -> str:
    return f"{count:,} order{'s' * (count != 1)} tried"
