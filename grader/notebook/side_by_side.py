"""``compare("SET k v", "GET k")``: your server and Redis side by side, as redis-cli shows replies, and in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from grader.checks.agreement.play import Answer, Player
from grader.checks.agreement.script import Script, Step
from grader.checks.agreement.show import one_null
from grader.checks.bytes_view import literal
from grader.notebook.own_server import desk
from grader.notebook.quiet import Quiet
from grader.notebook.style import CARD_STYLE
from grader.servers import ServerError
from grader.servers.miniredis import miniredis
from grader.wire.redis_cli import format_reply, split_line

_BYTES, _LONGEST = 160, 120
_TIMEOUT = 1.0
_LAST_BREATH = 0.5  # seconds a dying server may take


@dataclass(frozen=True, slots=True)
class Row:
    """One command with both answers: as redis-cli shows them, and their bytes."""

    command: str
    real: str
    theirs: str
    real_bytes: bytes
    their_bytes: bytes

    @property
    def equal(self) -> bool:
        """Whether both sent the same bytes."""
        return self.real_bytes == self.their_bytes and self.real == self.theirs


class Comparison:
    """Some commands on both servers, on display."""

    def __init__(self, rows: list[Row], version: str, note: str = "") -> None:
        self.rows = rows
        self.version = version
        self.note = note

    @property
    def equal(self) -> bool:
        """Whether the two agreed in every byte."""
        return all(row.equal for row in self.rows)

    def _head(self) -> str:
        same = sum(row.equal for row in self.rows)
        return f"{same} of {len(self.rows)} replies are the same bytes"

    def __repr__(self) -> str:
        out = [self._head()]
        for row in self.rows:
            out.append(f"{'✔' if row.equal else '✘'} > {row.command}")
            for who, said, data in (("Redis", row.real, row.real_bytes), ("yours", row.theirs, row.their_bytes)):
                first, *more = said.split("\n")
                out.append(f"    {who}  {first}")
                out += [f"           {line}" for line in more]
                out.append(f"           {literal(data, _BYTES)}")
        return "\n".join([*out, *([self.note] if self.note else [])])

    def _repr_html_(self) -> str:
        tone = "good" if self.equal else "bad"
        parts = [
            f'{CARD_STYLE}{_STYLE}<div class="rc-card mathjax_ignore" style="--rc:var(--rc-{tone})">',
            f'<div class="rc-head"><b>Side by side</b><span class="rc-dim">{escape(self._head())}</span></div>',
            f'<div class="rk"><span></span><span class="rc-dim">Redis {escape(self.version)}</span>',
            '<span class="rc-dim">yours</span>',
        ]
        for row in self.rows:
            mark = '<span class="rc-good">✔</span>' if row.equal else '<span class="rc-bad">✘</span>'
            parts.append(f'{mark}<b class="rk-command">{escape(row.command)}</b>')
            for said, data in ((row.real, row.real_bytes), (row.theirs, row.their_bytes)):
                parts.append(
                    f'<div><div>{escape(said)}</div><div class="rc-dim">{escape(literal(data, _BYTES))}</div></div>'
                )
        note = f'<p class="rc-dim">{escape(self.note)}</p>' if self.note else ""
        return "".join(parts) + f"</div>{note}</div>"


def compare(*commands: str) -> Comparison:
    """Send `commands`, as you would type them into redis-cli, to your server and to Redis, both empty at first.

    Raises:
        Quiet: when your server does not start (with the line of your file), or a command cannot be read.
    """
    try:
        steps = tuple(Step(tuple(split_line(command))) for command in commands)
    except ValueError as error:
        raise Quiet(f"A command cannot be read: {error}") from None
    here = desk()
    try:
        run = here.fresh()
        real = run.real
        real.reset()
        with miniredis(here.folder / "notebooks") as theirs:
            script = Script(steps)
            with Player(real, _TIMEOUT) as player:
                ours = player.play(script, together=False)
            with Player(theirs, _TIMEOUT) as player:
                mine = player.play(script, together=False)
            hung_up = any(answer.end == "closed" for answer in mine.answers)
            crash = theirs.crash(_LAST_BREATH if hung_up else 0.0)
            note = str(crash) if crash is not None else theirs.complaint()
    except ServerError as error:
        raise Quiet(str(error)) from None
    answers = zip(_padded(ours.answers, len(steps)), _padded(mine.answers, len(steps)), strict=True)
    rows = [
        Row(command, _shown(one), _shown(other), one.raw, other.raw)
        for command, (one, other) in zip(commands, answers, strict=True)
    ]
    return Comparison(rows, ".".join(map(str, real.version)), note)


def _padded(answers: list[Answer], count: int) -> list[Answer]:
    """As many answers as there were commands: behind a lost connection there are none."""
    return [*answers, *[Answer(end="closed")] * (count - len(answers))]


def _shown(answer: Answer) -> str:
    lines = [format_reply(one_null(f.value), limit=_LONGEST) for f in answer.frames]
    match answer.end:
        case "closed":
            lines.append("(the connection is closed)")
        case "silent" if not lines:
            lines.append("(no reply)")
        case "invalid":
            lines.append(f"(not RESP: {answer.problem})")
    return "\n".join(lines) or "(no reply)"


_STYLE = """
<style>
.rk{display:grid;grid-template-columns:16px minmax(0,1fr) minmax(0,1fr);gap:2px 14px;margin-top:7px;
 font:12.5px/1.5 var(--jp-code-font-family,ui-monospace,monospace);white-space:pre-wrap;overflow-wrap:anywhere}
.rk .rk-command{grid-column:2/-1;font-weight:600;margin-top:5px}.rk>span{margin-top:5px}.rk>div{grid-column:auto}
.rk>.rk-command+div{grid-column:2}
</style>
"""
