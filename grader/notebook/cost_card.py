"""The card of ``with wire.measure() as cost``: what a stretch of work cost, on the wire and on the server."""

from __future__ import annotations

from html import escape

from grader.notebook.style import wire_card
from grader.notebook.transcript_card import size
from grader.wire.meter import Bill, Work

_ROWS = 12
_MANY_KEYS = 10_000

Fact = tuple[str, str]
Table = tuple[list[str], list[list[str]]]


class CostCard(Bill):
    """A `Bill` on display. Its figures can be asked for by name: ``cost.round_trips``, ``cost.names`` …"""

    def facts(self) -> list[Fact]:
        """The figures at the top: how much, and of what."""
        count, trips = len(self.exchanges), self.round_trips
        found = [
            (f"{trips:,}", f"round trip{'s' * (trips != 1)}"),
            (f"{count:,}", f"command{'s' * (count != 1)}"),
            (size(self.bytes_sent), "sent"),
            (size(self.bytes_received), "received"),
        ]
        if self.work:
            found.append((duration(self.server_microseconds), "server time"))
        if self.growth is not None:
            found.append((f"{'+' if self.growth >= 0 else '−'}{size(abs(self.growth))}", "memory"))
        return found

    def commands(self) -> Table:
        """A row for each kind of command the server ran."""
        rows = []
        for each in self.work[:_ROWS]:
            per_call = each.microseconds / each.calls
            rows.append([each.name, f"{each.calls:,}", duration(each.microseconds), duration(per_call), _longest(each)])
        if len(self.work) > _ROWS:
            rest = self.work[_ROWS:]
            calls, spent = sum(each.calls for each in rest), sum(each.microseconds for each in rest)
            rows.append([f"{len(rest)} more", f"{calls:,}", duration(spent), "", ""])
        return ["command", "calls", "server time", "a call", "longest"], rows

    def storage(self) -> Table:
        """A row for each way in which the touched keys are stored."""
        rows = [
            [kind, encoding, f"{keys:,}", size(memory), size(round(memory / keys)) if keys > 1 else ""]
            for kind, encoding, keys, memory in self.encodings[:_ROWS]
        ]
        return ["type", "encoding", "keys", "memory", "a key"], rows

    def notes(self) -> list[str]:
        """What has to be said in words; `code` between backticks."""
        notes = []
        for walk in self.walks:
            each = "all keys each time" if walk.name == "KEYS" else "a few a call"
            notes.append(
                f"`{walk.name}` looked at {walk.keys:,} keys in {walk.calls:,} call{'s' * (walk.calls != 1)} ({each})."
                + (
                    " Nobody else is served while `KEYS` runs."
                    if walk.name == "KEYS" and walk.keys >= _MANY_KEYS
                    else ""
                )
            )
        blocking, seconds = self.waited
        if blocking:
            took = f", {seconds:.2f} s in all" if seconds is not None else ""
            notes.append(
                f"{blocking} blocking command{'s' * (blocking != 1)}{took}. Waiting is no server time: others are "
                "served meanwhile."
            )
        if self.memory is not None:
            before, after = self.memory
            notes.append(f"`used_memory` went from {size(before)} to {size(after)}" + self._aside())
        if self.gone:
            notes.append(f"{self.gone:,} of the named keys {'are' if self.gone > 1 else 'is'} not there (any more).")
        if self.unasked:
            notes.append(f"{self.unasked:,} more keys were touched; only the first were asked how they are stored.")
        if any(each.name in {"EXEC", "EVAL", "EVALSHA", "FCALL"} for each in self.work):
            notes.append("The time of `EXEC` and of scripts includes the commands inside; the sum counts them once.")
        if self.others:
            told = ", ".join(f"`{name}` × {times:,}" for name, times in list(self.others.items())[:6])
            more = " …" if len(self.others) > 6 else ""
            whose = "scripts or other clients" if self.scripts else "other clients"
            notes.append(f"Also ran meanwhile, from {whose}: {told}{more}. Times and memory include that.")
        return [*notes, *(f"This Redis would not tell everything: {each}" for each in self.unknown)]

    def _aside(self) -> str:
        if abs(self.aside) < 1000:
            return "."
        sign = "+" if self.aside > 0 else "−"
        return f"; {sign}{size(abs(self.aside))} of that is no data but buffers of clients and Redis's own statistics."

    def _repr_html_(self) -> str:
        facts = "".join(f"<div><b>{escape(much)}</b><span>{escape(what)}</span></div>" for much, what in self.facts())
        tables = "".join(_table_html(each, text) for each, text in ((self.commands(), 1), (self.storage(), 2)))
        notes = "".join(f"<p>{_inline(note)}</p>" for note in self.notes())
        foot = f'<div class="rc-foot rc-dim">{notes}</div>' if notes else ""
        return wire_card("hint", "Cost", "", f'<div class="rw-facts">{facts}</div>{tables}{foot}')

    def __repr__(self) -> str:
        return "\n".join(self.text())

    def text(self) -> list[str]:
        """The card as plain text."""
        out = ["Cost: " + ", ".join(f"{much} {what}" for much, what in self.facts())]
        for table in (self.commands(), self.storage()):
            out += _table_text(table)
        return [*out, *(f"  {note.replace('`', '')}" for note in self.notes())]


def duration(microseconds: float) -> str:
    """A time as people say it: ``12 µs``, ``1.9 ms``, ``2.05 s``."""
    if microseconds < 10 and microseconds != int(microseconds):
        return f"{microseconds:.1f} µs"
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.3g} ms"
    return f"{microseconds / 1_000_000:.3g} s"


def _longest(work: Work) -> str:
    if work.longest is None:
        return ""
    return duration(work.longest) if work.calls == 1 else f"≤ {duration(work.longest)}"


def _table_html(table: Table, text_columns: int) -> str:
    heads, rows = table
    if not rows:
        return ""

    def cell(at: int, text: str, kind: str = "") -> str:
        classes = f"{kind} {'rw-r' if at >= text_columns else ''}".strip()
        inside = f"<code>{escape(text)}</code>" if at < text_columns and not kind and text else escape(text)
        return f'<span class="{classes}">{inside}</span>'

    cells = "".join(cell(at, head, "rw-h") for at, head in enumerate(heads))
    cells += "".join(cell(at, text) for row in rows for at, text in enumerate(row))
    return f'<div class="rw-grid" style="grid-template-columns:repeat({len(heads)},auto)">{cells}</div>'


def _table_text(table: Table) -> list[str]:
    heads, rows = table
    if not rows:
        return []
    widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    return [
        "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in [heads, *rows]
    ]


def _inline(text: str) -> str:
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if at % 2 else piece for at, piece in enumerate(pieces))
