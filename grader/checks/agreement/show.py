"""A disagreement as a learner sees it: the commands to type, both answers as redis-cli prints them, then the bytes.

`Finding` is the data, `text` its plain form (one string, letters of one width) and `renderable` the same for rich.
The sentence comes last, where the eye stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from grader.checks.agreement.compare import Difference
from grader.checks.agreement.duel import Meeting
from grader.checks.agreement.manners import Manner
from grader.checks.agreement.play import Answer
from grader.checks.agreement.script import Script
from grader.checks.bytes_view import compare, literal
from grader.resp import NULL_ARRAY
from grader.wire.redis_cli import format_reply

_LONGEST = 200
_LONGEST_TEXT = 160
_MOST_LINES = 24


@dataclass(frozen=True, slots=True)
class Finding:
    """The shortest script that shows a disagreement, and what was answered to its last step.

    `script` are the lines to type, `readback` the lines by which it was seen over a second connection ([] if the
    script itself shows it), `real` and `theirs` the two answers as redis-cli prints them, `bytes_lines` the two byte
    strings with a caret ([] where one of them sent nothing), `sentence` says what is wrong, `only` in which manner of
    sending it shows ("" where in every one). `misconception` names the wrong server that it looks like, if known.
    """

    script: tuple[str, ...]
    readback: tuple[str, ...]
    real: tuple[str, ...]
    theirs: tuple[str, ...]
    bytes_lines: tuple[str, ...]
    sentence: str
    only: str
    difference: Difference
    misconception: str | None = None

    @property
    def text(self) -> str:
        """The whole message."""
        return "\n".join(line for _, line in self._lines())

    def renderable(self) -> RenderableType:
        """The same, coloured."""
        styles = {
            "command": "bold",
            "head": "dim",
            "real": "green",
            "theirs": "red",
            "bytes": "",
            "last": "bold yellow",
        }
        return Group(*(Text(line, style=styles[kind], no_wrap=kind == "bytes") for kind, line in self._lines()))

    def _lines(self) -> list[tuple[str, str]]:
        lines = [("command", f"  {line}") for line in self.script]
        if self.readback:
            lines.append(("head", "then, over a second connection"))
            lines += [("command", f"  {line}") for line in self.readback]
        lines.append(("head", "Redis answered"))
        lines += [("real", f"  {line}") for line in self.real]
        lines.append(("head", "yours answered"))
        lines += [("theirs", f"  {line}") for line in self.theirs]
        if self.bytes_lines:
            lines.append(("head", ""))
            lines += [("bytes", f"  {line}".rstrip()) for line in self.bytes_lines]
        lines.append(("head", ""))
        lines.append(("last", _sentence(self.sentence)))
        if self.only:
            lines.append(("last", _sentence(self.only)))
        return lines


def finding(meeting: Meeting) -> Finding:
    """The finding in a meeting that has a difference.

    Raises:
        ValueError: if it has none.
    """
    difference = meeting.difference
    if difference is None:
        raise ValueError("the two servers agree: there is nothing to show")
    upto = Script(difference.script.steps[: difference.place + 1])
    script, readback = (meeting.script, upto) if meeting.in_state else (upto, Script(()))
    if meeting.in_state and meeting.manner is not Manner.TOGETHER:
        # Only what is read back of the key in question.
        readback = Script(difference.script.steps[difference.place : difference.place + 1])
    return Finding(
        script=tuple(_shortened(script.lines())),
        readback=tuple(_shortened(readback.lines())),
        real=tuple(_answer(difference.real, "nothing yet: it keeps the client waiting")),
        theirs=tuple(_answer(difference.theirs, "nothing")),
        bytes_lines=tuple(_bytes(difference)),
        sentence=difference.sentence,
        only=_only(meeting),
        difference=difference,
    )


def _sentence(words: str) -> str:
    """Begins with a capital, unless with "yours", and ends with a full stop."""
    first = words[0].upper() + words[1:]
    return first if first.endswith((".", "'", "NG")) else f"{first}."


def _shortened(lines: Sequence[str]) -> list[str]:
    return [line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} … {line[-_LONGEST // 4 :]}" for line in lines]


def one_null(value: Any) -> Any:
    """The value with None for each null array in it: redis-cli prints both as (nil)."""
    if value is NULL_ARRAY:
        return None
    return [one_null(each) for each in value] if type(value) is list else value


def _answer(answer: Answer, nothing: str) -> list[str]:
    """All replies of an answer as redis-cli prints them, and how it ended."""
    lines: list[str] = []
    for frame in answer.frames:
        lines += format_reply(one_null(frame.value), limit=_LONGEST_TEXT).split("\n")
    for connection, frames in sorted(answer.elsewhere.items()):
        for frame in frames:
            first, *more = format_reply(one_null(frame.value), limit=_LONGEST_TEXT).split("\n")
            lines += [f"to client {connection + 1}: {first}", *more]
    if answer.rest:
        lines.append(f"{literal(answer.rest)} (not a whole reply)")
    if answer.end == "closed":
        lines.append("(the connection is closed)")
    if len(lines) > _MOST_LINES:
        half = _MOST_LINES // 2
        lines = [*lines[:half], f"… {len(lines) - 2 * half} more lines …", *lines[-half:]]
    return lines or [f"({nothing})"]


def _bytes(difference: Difference) -> list[str]:
    real, theirs = difference.real.raw, difference.theirs.raw
    if not real or not theirs or real == theirs:
        return []
    return compare(real, theirs, names=("Redis", "yours"))


def _only(meeting: Meeting) -> str:
    match meeting.manner:
        case Manner.ONE_BY_ONE:
            return ""
        case Manner.CUT if meeting.cut is not None:
            data = b"".join(step.encoded() for step in meeting.script)
            left, right = data[: meeting.cut], data[meeting.cut :]
            return f"only when the bytes arrive cut after offset {meeting.cut}: {_escaped(left)} | {_escaped(right)}"
        case _:
            return f"only when {meeting.manner.value}"


def _escaped(data: bytes, most: int = 60) -> str:
    """Without quotes: `*1\\r\\n$4\\r\\nPI`."""
    return literal(data, most).removeprefix("b'").removesuffix("'")
