"""A result as formgrader and the feedback page show it: HTML that needs no style sheet, no script and no kernel.

Whatever a learner wrote is escaped: it is text, never a tag, an entity or an attribute.
"""

from __future__ import annotations

from html import escape
from itertools import chain

from grader.checks import Exercise
from grader.checks.session import Promise
from grader.marking.printable import printable
from grader.marking.result import ExerciseResult

_MARKS = {"kept": "✔", "broken": "✘", "untried": "·", "skipped": "–", "error": "!"}
_HEADS = {
    "solved": ("✔", "#1a7f37"),
    "wrong": ("✘", "#b42318"),
    "todo": ("·", "#57606a"),
    "skipped": ("–", "#8a5a00"),
    "error": ("!", "#8a5a00"),
}
_WORDS = {
    "todo": "Not written yet.",
    "skipped": "This could not be judged where it was marked. A person gives the points.",
    "error": "The grader failed, not the answer. A person looks at it and gives the points.",
}
_PARTLY = "Partly right: the promises it keeps before the first broken one earn a share of the points."
_CARD = "padding:4px 12px;font-family:sans-serif;font-size:14px;line-height:1.45"
_MOST_LINES = 24
_MOST_COLUMNS = 240
_MOST_PROMISES = 40


class FeedbackCard:
    """What one exercise's check found.

    Args:
        exercise: what was checked.
        result: what was found.
        repairs: sentences on what had to be put right to find the answer.
        files: files the answer is in, name -> text, to be shown.
    """

    def __init__(
        self,
        exercise: Exercise,
        result: ExerciseResult,
        repairs: list[str] | None = None,
        files: dict[str, str] | None = None,
    ) -> None:
        self.exercise = exercise
        self.result = result
        self.repairs = repairs or []
        self.files = files or {}

    def html(self) -> str:
        """The card, one element."""
        r = self.result
        mark, colour = _HEADS.get(r.status, ("!", "#8a5a00"))
        about = f'data-slug="{_shown(r.slug)}" data-status="{_shown(r.status)}"'
        head = f'<b style="color:{colour}">{mark} {_shown(self.exercise.title)}</b> <code>{_shown(r.slug)}</code>'
        parts = [
            f'<div class="course-card" {about} style="border-left:4px solid {colour};{_CARD}">',
            f'<p style="margin:4px 0">{head} {_shown(_points(r))}</p>',
        ]
        if word := self._word():
            parts.append(_paragraph(word))
        parts += [_paragraph(_cut(text)) for text in chain(self._notes(), self.repairs)]
        if r.promises:
            promises = "".join(self._promise(p) for p in r.promises[:_MOST_PROMISES])
            parts.append(f'<ul style="list-style:none;padding-left:0;margin:4px 0">{promises}</ul>')
        if r.printed:
            parts.append(_folded("What the code printed", r.printed))
        parts += [_folded(f"{name} as it was handed in", text) for name, text in self.files.items()]
        return "".join(parts) + "</div>"

    def text(self) -> str:
        """The card for readers without HTML."""
        r = self.result
        lines = [f"{_HEADS.get(r.status, ('!', ''))[0]} {self.exercise.title}  [{r.slug}]  {_points(r)}"]
        lines += [f"  {word}" for word in [self._word(), *self._notes(), *self.repairs] if word]
        for p in r.promises[:_MOST_PROMISES]:
            lines.append(f"  {_MARKS.get(p.status, '!')} {p.text}")
            if p is r.first_broken:
                lines += [f"      promised: {p.expected}"] if p.expected else []
                lines += [f"      happened: {line}" for line in p.happened.splitlines()[:_MOST_LINES]]
        return printable(_limited("\n".join(lines)))

    def _word(self) -> str:
        r = self.result
        return _PARTLY if r.status == "wrong" and r.earned > 0 else _WORDS.get(r.status, "")

    def _notes(self) -> list[str]:
        return [self.result.note] if self.result.note else []

    def _promise(self, promise: Promise) -> str:
        out = [f'<li style="margin:2px 0">{_MARKS.get(promise.status, "!")} {_prose(_cut(promise.text))}']
        if promise is self.result.first_broken or promise.status == "error":
            if promise.expected:
                out.append(f"<br>promised: {_fact(promise.expected)}<br>happened: {_fact(promise.happened)}")
            elif promise.happened:
                out.append(f"<br>{_fact(promise.happened)}")
            if promise.where and promise.kind != "todo":
                out.append(_block("\n".join(promise.where)))
            if promise.misconception is not None:
                told = self.exercise.misconceptions.get(promise.misconception, "")
                out.append(f"<br><b>{_shown(promise.misconception)}</b>: {_prose(told)}")
            if promise.sent:
                out.append(_block("\n".join(promise.sent)))
        return "".join(out) + "</li>"


def _points(result: ExerciseResult) -> str:
    if result.status in {"skipped", "error"}:
        return f"? of {result.points} points"
    return f"{result.earned:g} of {result.points} point{'s' * (result.points != 1)}"


def _shown(text: str) -> str:
    """Text as it is shown: every character visible, none of them HTML. A dollar sign is none of mathematics."""
    return escape(printable(text)).replace("$", "&#36;").replace("\\(", "&#92;(").replace("\\[", "&#92;[")


def _prose(text: str) -> str:
    """As `_shown`, with `code` between backticks."""
    pieces = _shown(text).split("`")
    if len(pieces) % 2 == 0:
        return _shown(text)
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))


def _fact(text: str) -> str:
    """A sentence, and below it lines whose columns matter."""
    sentence, _, view = text.partition("\n")
    return _prose(_cut(sentence)) + (_block(view) if view else "")


def _paragraph(text: str) -> str:
    return f'<p style="margin:4px 0">{_prose(text)}</p>'


def _block(text: str) -> str:
    style = "margin:4px 0 4px 18px;white-space:pre-wrap;overflow-wrap:anywhere"
    return f'<pre class="tex2jax_ignore" style="{style}">{_shown(_limited(text))}</pre>'


def _folded(title: str, text: str) -> str:
    # Said here, because nbgrader's style sheet takes away what shows that there is something to open.
    seen = "display:list-item;cursor:pointer"
    return f'<details><summary style="{seen}">{_shown(title)}</summary>{_block(text)}</details>'


def _cut(text: str) -> str:
    most = 4 * _MOST_COLUMNS
    return text if len(text) <= most else f"{text[:most]} … {len(text) - most} more"


def _limited(text: str) -> str:
    """At most `_MOST_LINES` lines at each end, each of a length that can be taken in."""
    lines = text.splitlines()
    if len(lines) > 2 * _MOST_LINES:
        left = len(lines) - 2 * _MOST_LINES
        lines = [*lines[:_MOST_LINES], f"… {left} more lines …", *lines[-_MOST_LINES:]]
    return "\n".join(
        line if len(line) <= _MOST_COLUMNS else f"{line[:_MOST_COLUMNS]} … {len(line) - _MOST_COLUMNS} more"
        for line in lines
    )
