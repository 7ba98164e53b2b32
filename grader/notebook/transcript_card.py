"""What went over the wire, as a card: one line a command, round trips as brackets, a column a client.

``%%wire`` and the faults of a notebook show it. HTML in a browser, aligned text elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from html import escape
from itertools import groupby

from grader.notebook.style import wire_card
from grader.wire.redis_cli import format_command
from grader.wire.transcript import Cost, Exchange

_FIRST, _LAST = 40, 15
"""So many exchanges are shown from the start and from the end of a long transcript."""
_COMMAND, _REPLY, _BYTES, _REPLY_LINES = 80, 60, 160, 10
_WORTH_SAYING = 0.05  # seconds a command took that was made to wait


class TranscriptCard:
    """A transcript on display.

    Args:
        cost: what was recorded.
        show_bytes: with the raw bytes, both ways.
        title: the card's.
        nothing: what to say when nothing was sent.
    """

    def __init__(
        self, cost: Cost, *, show_bytes: bool = False, title: str = "On the wire", nothing: str = "Nothing was sent."
    ) -> None:
        self.cost = cost
        self.show_bytes = show_bytes
        self.title = title
        self.nothing = nothing

    @cached_property
    def clients(self) -> list[str]:
        """The clients' names, in the order they first spoke."""
        return list(dict.fromkeys(each.client for each in self.cost.exchanges))

    def called(self, client: str) -> str:
        """The name to show for a client: a proxy knows one that gave itself no name by a number only."""
        if not client.isdigit():
            return client or "no name"
        numbers = [each for each in self.clients if each.isdigit()]
        # A client that was cut off and comes back has a new connection.
        return f"connection {numbers.index(client) + 1}"

    def _shown(self) -> tuple[list[Exchange], int, list[Exchange]]:
        """The first exchanges, how many are left out, the last ones."""
        all_of_them = self.cost.exchanges
        if len(all_of_them) <= _FIRST + _LAST:
            return all_of_them, 0, []
        return all_of_them[:_FIRST], len(all_of_them) - _FIRST - _LAST, all_of_them[-_LAST:]

    def _summary(self) -> str:
        cost = self.cost
        count, trips = len(cost.exchanges), cost.round_trips
        return (
            f"{count:,} command{'s' * (count != 1)} in {trips:,} round trip{'s' * (trips != 1)} · "
            f"{size(cost.bytes_sent)} out, {size(cost.bytes_received)} in"
        )

    def _repr_html_(self) -> str:
        if not self.cost.exchanges:
            return wire_card("hint", self.title, "", f'<p class="rc-dim">{escape(self.nothing)}</p>')
        return wire_card("hint", self.title, self._summary(), f'<div class="rw-body">{self.rows_html()}</div>')

    def rows_html(self) -> str:
        """The transcript without its card."""
        return "".join(self._columns_html() if len(self.clients) > 1 else self._lines_html())

    def _trips(self, exchanges: Sequence[Exchange], numbers: dict[int, int]) -> Iterator[tuple[str, list[Exchange]]]:
        """Commands that left together, with the number of their round trip."""
        for trip, group in groupby(exchanges, key=lambda each: each.trip):
            new = trip not in numbers
            number = numbers.setdefault(trip, len(numbers) + 1)
            yield (str(number) if new else ""), list(group)

    def _lines_html(self) -> Iterator[str]:
        first, left_out, last = self._shown()
        numbers: dict[int, int] = {}
        yield from self._trips_html(first, numbers)
        if left_out:
            yield f'<div class="rw-note">… {left_out:,} more commands …</div>'
            numbers = _numbered(self.cost.exchanges[: -len(last)])
            yield from self._trips_html(last, numbers)

    def _trips_html(self, exchanges: Sequence[Exchange], numbers: dict[int, int]) -> Iterator[str]:
        for number, group in self._trips(exchanges, numbers):
            said = "".join(
                f'<div class="rw-said{" rw-torn" * _lost(each)}">{self._exchange_html(each)}</div>' for each in group
            )
            yield (
                f'<div class="rw-trip"><span class="rw-no">{number}</span><span class="rw-bracket"></span>'
                f"<div>{said}</div></div>"
            )

    def _columns_html(self) -> Iterator[str]:
        names = self.clients
        columns = f"--lanes:{len(names)}"
        heads = "".join(
            f'<span class="rw-lane rw-{at % 3}">{escape(self.called(name))}</span>' for at, name in enumerate(names)
        )
        yield f'<div class="rw-names" style="{columns}"><span></span>{heads}</div>'
        first, left_out, last = self._shown()
        numbers: dict[int, int] = {}
        for part in (first, last):
            for number, group in self._trips(part, numbers):
                said = "".join(spoken_html(*_spoken(each)) + self._bytes_html(each) for each in group)
                cells = "".join(
                    f'<div class="rw-lane rw-cell rw-{at % 3}{" rw-on" * (name == group[0].client)}">'
                    f"{said if name == group[0].client else ''}</div>"
                    for at, name in enumerate(names)
                )
                yield f'<div class="rw-row" style="{columns}"><span class="rw-no">{number}</span>{cells}</div>'
            if part is first and left_out:
                yield f'<div class="rw-note">… {left_out:,} more commands …</div>'
                numbers = _numbered(self.cost.exchanges[: -len(last)])

    def _exchange_html(self, exchange: Exchange) -> str:
        typed, reply, tone = _spoken(exchange)
        return f'<div>{_command_html(typed)}</div><div class="{tone}">{escape(reply)}</div>{self._bytes_html(exchange)}'

    def _bytes_html(self, exchange: Exchange) -> str:
        if not self.show_bytes:
            return ""
        return "".join(
            f'<div class="rw-bytes"><u>{arrow}</u> {_raw_html(data)}</div>'
            for arrow, data in (("→", exchange.sent), ("←", exchange.received))
            if data
        )

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """The card as plain text."""
        if not self.cost.exchanges:
            return [f"{self.title}: {self.nothing}"]
        first, left_out, last = self._shown()
        numbers: dict[int, int] = {}
        out = [f"{self.title}: {self._summary()}"]
        width = min(max(len(self._typed(each)) for each in [*first, *last]), 60)
        out += self._text(first, numbers, width)
        if left_out:
            out.append(f"     … {left_out:,} more commands …")
            out += self._text(last, _numbered(self.cost.exchanges[: -len(last)]), width)
        return out

    def _typed(self, exchange: Exchange) -> str:
        typed = format_command(exchange.command, _COMMAND)
        return f"{self.called(exchange.client)}> {typed}" if len(self.clients) > 1 else typed

    def _text(self, exchanges: Sequence[Exchange], numbers: dict[int, int], width: int) -> Iterator[str]:
        for number, group in self._trips(exchanges, numbers):
            for at, each in enumerate(group):
                bar = "─" if len(group) == 1 else "┌" if at == 0 else "└" if at == len(group) - 1 else "│"
                goes_on = "│" if at < len(group) - 1 else " "
                typed = self._typed(each)
                reply = _reply(each).split("\n")
                beside = len(typed) <= width
                head = f"{typed:{width}}  {reply[0]}" if beside else typed
                yield f"{number if at == 0 else '':>3} {bar} {head}"
                indent = " " * (width + 2) if beside else "  "
                yield from (f"    {goes_on} {indent}{line}" for line in (reply[1:] if beside else reply))
                if self.show_bytes:
                    yield from (
                        f"    {goes_on}   {arrow} {_raw(data)}"
                        for arrow, data in (("→", each.sent), ("←", each.received))
                        if data
                    )


def size(count: int) -> str:
    """Bytes as people say them: ``512 B``, ``12.3 kB``, ``1.21 MB``."""
    if abs(count) < 1000:
        return f"{count} B"
    for unit in ("kB", "MB", "GB"):
        amount = count / 1000 ** ("kB", "MB", "GB").index(unit) / 1000
        if abs(amount) < 999.5 or unit == "GB":
            return f"{amount:.3g} {unit}" if abs(amount) < 1000 else f"{amount:,.0f} {unit}"
    raise AssertionError("unreachable")


def _numbered(exchanges: Sequence[Exchange]) -> dict[int, int]:
    trips = dict.fromkeys(each.trip for each in exchanges)
    return {trip: number for number, trip in enumerate(trips, 1)}


def _reply(exchange: Exchange) -> str:
    """The reply as redis-cli shows it, not too long, with how long it was waited for if that is a time one notices."""
    if _lost(exchange):
        return f"✂ {exchange.lost}"
    lines = exchange.text(_REPLY if exchange.error is None else None).split("\n")
    if len(lines) > _REPLY_LINES:
        lines = [*lines[: _REPLY_LINES - 1], f"… {len(lines) - _REPLY_LINES + 1} more lines"]
    if exchange.sent_at is not None and exchange.answered_at is not None:
        took = exchange.answered_at - exchange.sent_at
        if took >= _WORTH_SAYING:
            lines[-1] += f"   ({took:.2f} s)"
    return "\n".join(lines)


def _lost(exchange: Exchange) -> bool:
    """Whether the connection broke before the reply was there."""
    return exchange.lost.startswith("cut here") and not exchange.answered


def _spoken(exchange: Exchange) -> tuple[str, str, str]:
    """A command as typed, its reply, and the class of the reply's look."""
    tone = "rw-cut" if _lost(exchange) else "rc-bad" if exchange.error is not None else "rw-reply"
    return format_command(exchange.command, _COMMAND), _reply(exchange), tone


def spoken_html(typed: str, reply: str, tone: str) -> str:
    """A command with its reply, for a narrow column: beside it if it is one line and there is room, else below."""
    if "\n" in reply:
        return f'<div>{_command_html(typed)}</div><div class="{tone}">{escape(reply)}</div>'
    arrow = "" if reply.startswith("✂") else "→ "
    return f'<div>{_command_html(typed)} <span class="rw-in {tone}">{arrow}{escape(reply)}</span></div>'


def _command_html(typed: str) -> str:
    name, space, rest = typed.partition(" ")
    return f"<b>{escape(name)}</b>{space}{escape(rest)}"


def _raw(data: bytes) -> str:
    """Bytes as Python writes them, without the quotes."""
    if len(data) <= _BYTES:
        return repr(data)[2:-1]
    half = _BYTES // 2
    return f"{repr(data[:half])[2:-1]} … {repr(data[-half:])[2:-1]} ({len(data):,} bytes)"


def _raw_html(data: bytes) -> str:
    return escape(_raw(data)).replace("\\r\\n", "<i>\\r\\n</i><wbr>")
