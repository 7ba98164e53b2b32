"""The card under a check: each promise with its mark, what broke and why, what was sent, what to do next.

HTML where a browser shows it (JupyterLab's own colours, so light and dark both work), plain text elsewhere.
"""

from __future__ import annotations

import textwrap
from html import escape

from grader.checks import Exercise
from grader.checks.session import Promise
from grader.marking import ExerciseResult

MARKS = {"kept": "✔", "broken": "✘", "untried": "·", "skipped": "–", "error": "!"}
_COLOURS = {
    "kept": "#1a7f37",
    "broken": "#cf222e",
    "untried": "#8c959f",
    "skipped": "#8c959f",
    "error": "#9a6700",
}
_SENT_LIMIT = 14

_STYLE = """
<style>
.rc-card{border:1px solid var(--jp-border-color2,#d0d7de);border-left:4px solid var(--rc);border-radius:6px;
 padding:.55em .9em .6em;margin:.3em 0;max-width:62em;font-family:var(--jp-ui-font-family,system-ui,sans-serif);
 font-size:13.5px;line-height:1.5;color:var(--jp-ui-font-color1,#1f2328);background:var(--jp-layout-color1,#fff)}
.rc-head{display:flex;gap:.8em;align-items:baseline;flex-wrap:wrap;margin-bottom:.25em}
.rc-head b{font-size:14.5px}.rc-dim{color:var(--jp-ui-font-color2,#656d76)}
.rc-right{margin-left:auto}
.rc-card ul{list-style:none;margin:.1em 0;padding:0}.rc-card li{padding-left:1.6em;text-indent:-1.6em;margin:.1em 0}
.rc-card li>span:first-child{display:inline-block;width:1.6em;text-indent:0;font-weight:700}
.rc-card table.rc-facts{border-collapse:collapse;margin:.35em 0 .2em 1.6em;border:0;table-layout:auto}
.rc-card table.rc-facts td{padding:.08em .8em .08em 0;vertical-align:top;text-align:left;border:0;background:none;
 white-space:normal;font-size:13px}
.rc-card table.rc-facts td:first-child{color:var(--jp-ui-font-color2,#656d76);white-space:nowrap}
.rc-card pre{margin:.2em 0 .2em 1.6em;padding:.35em .7em;border-radius:4px;font-size:12.5px;line-height:1.45;
 background:var(--jp-layout-color2,#f6f8fa);overflow-x:auto;font-family:var(--jp-code-font-family,monospace)}
.rc-why{margin:.45em 0 .3em 1.6em;padding:.35em .8em;border-radius:4px;background:var(--jp-layout-color2,#fff8c5)}
.rc-why code,.rc-foot code,.rc-card td code{background:none;padding:0;font-size:12.5px}
.rc-foot{margin-top:.45em;padding-top:.35em;border-top:1px solid var(--jp-border-color3,#eaeef2)}
.rc-card details{margin:.25em 0 0 1.6em}.rc-card summary{cursor:pointer;color:var(--jp-ui-font-color2,#656d76)}
.rc-card details pre{margin-left:0}
</style>
"""


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
        solved = r.status == "solved"
        colour = _COLOURS["kept" if solved else "skipped" if r.status == "skipped" else "broken"]
        parts = [_STYLE, f'<div class="rc-card" data-status="{r.status}" style="--rc:{colour}">']
        mark = "✔" if solved else "–" if r.status == "skipped" else "✘"
        parts += [
            f'<div class="rc-head"><b style="color:{colour}">{mark} {escape(r.title)}</b>',
            f'<code class="rc-dim">{escape(r.slug)}</code>',
            f'<span class="rc-right rc-dim">{escape(self._points())}</span></div>',
        ]
        if r.note:
            parts.append(f"<div>{escape(r.note)}</div>")
        parts.append("<ul>")
        first = r.first_broken
        for promise in r.promises:
            dim = ' class="rc-dim"' if promise.status == "untried" else ""
            parts.append(
                f'<li{dim}><span style="color:{_COLOURS[promise.status]}">{MARKS[promise.status]}</span>'
                f"{_inline(promise.text)}</li>"
            )
            if promise.status in {"broken", "error"}:
                parts.append(self._broken_html(promise, promise is first))
        parts.append("</ul>")
        if r.printed:
            parts.append(f"<details><summary>What your code printed</summary><pre>{escape(r.printed)}</pre></details>")
        parts.append(f'<div class="rc-foot">{self._foot_html()}</div></div>')
        return "".join(parts)

    def _broken_html(self, promise: Promise, with_detail: bool) -> str:
        rows = [(k, v) for k, v in (("promised", promise.expected), ("happened", promise.happened)) if v]
        parts = [
            '<table class="rc-facts">',
            *(f"<tr><td>{k}</td><td>{_inline(v)}</td></tr>" for k, v in rows),
            "</table>",
        ]
        if not with_detail:
            return "".join(parts) if promise.expected else ""
        if promise.where and promise.kind != "todo":
            parts.append(f"<pre>{escape(chr(10).join(promise.where))}</pre>")
        name = promise.misconception
        if name is not None:
            text = self.exercise.misconceptions.get(name, "")
            parts.append(f'<div class="rc-why"><b>{escape(name)}</b> — {_inline(text)}</div>')
        if promise.sent:
            parts.append(f"<pre>{escape(chr(10).join(_shorten(promise.sent)))}</pre>")
        return "".join(parts)

    def _foot_html(self) -> str:
        if self.result.status == "solved":
            return f"{_inline(self.exercise.learnt)}<br><b>Next:</b> {_inline(self.exercise.onward)}"
        if self.result.status == "skipped":
            return "Skipped: the other exercises do not need it."
        return _inline(self._next_hint())

    def _next_hint(self) -> str:
        total = len(self.exercise.hints)
        if self.hints_shown >= total:
            return f"All {total} hints are shown; `hint(number=1)` shows the first one again."
        return f"`hint()` shows hint {self.hints_shown + 1} of {total}."

    def _points(self) -> str:
        r = self.result
        time = f"{r.seconds * 1000:.0f} ms"
        if r.points == 0:
            return f"practice · {time}"
        if r.status == "solved":
            return f"{r.points} of {r.points} points · {time}"
        return f"{r.points} points · {r.kept} of {len(r.promises)} promises kept · {time}"

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, width: int = 100) -> list[str]:
        """The card as plain text."""
        r = self.result
        mark = "✔" if r.status == "solved" else "–" if r.status == "skipped" else "✘"
        out = [f"{mark} {r.title}  [{r.slug}]  {self._points()}"]
        if r.note:
            out += _wrap(r.note, width, "  ")
        first = r.first_broken
        for promise in r.promises:
            out += _wrap(promise.text, width, f"  {MARKS[promise.status]} ", "    ")
            if promise.status in {"broken", "error"}:
                if promise.expected:
                    out += _wrap(promise.expected, width, "      promised: ", "                ")
                    out += _wrap(promise.happened, width, "      happened: ", "                ")
                elif promise is first or promise.status == "error":
                    out += _wrap(promise.happened, width, "      ")
                if promise is first:
                    out += [f"        {line}" for line in promise.where if promise.kind != "todo"]
                    if promise.misconception:
                        why = self.exercise.misconceptions.get(promise.misconception, "")
                        out += _wrap(f"{promise.misconception}: {why}", width, "      ")
                    out += [f"        {line}" for line in _shorten(promise.sent)]
        if r.printed:
            out += ["  Your code printed:", *(f"      {line}" for line in r.printed.splitlines()[:8])]
        if r.status == "solved":
            out += _wrap(self.exercise.learnt, width, "  ")
            out += _wrap(f"Next: {self.exercise.onward}", width, "  ")
        elif r.status not in {"skipped", "error"}:
            out += _wrap(self._next_hint(), width, "  ")
        return out


class HintCard:
    """One hint of an exercise's ladder; `number` counts from 1."""

    def __init__(self, exercise: Exercise, number: int) -> None:
        self.exercise = exercise
        self.number = number

    def _repr_html_(self) -> str:
        text = self.exercise.hints[self.number - 1]
        return (
            f'{_STYLE}<div class="rc-card" style="--rc:#0969da"><div class="rc-head"><b>Hint {self.number} of '
            f'{len(self.exercise.hints)}</b><code class="rc-dim">{escape(self.exercise.slug)}</code></div>'
            f"{_blocks(text)}</div>"
        )

    def __repr__(self) -> str:
        return f"Hint {self.number} of {len(self.exercise.hints)}  [{self.exercise.slug}]\n" + textwrap.indent(
            self.exercise.hints[self.number - 1], "  "
        )


def _wrap(text: str, width: int, first: str, rest: str | None = None) -> list[str]:
    lines = []
    for paragraph in text.splitlines() or [""]:
        lines += textwrap.wrap(
            paragraph, width, initial_indent=first, subsequent_indent=first if rest is None else rest,
            break_long_words=False,
        )  # fmt: skip
        first = first if rest is None else rest
    return lines


def _shorten(lines: list[str]) -> list[str]:
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
            out += [f"<p style='margin:.3em 0'>{_inline(p)}</p>" for p in part.strip().split("\n\n") if p.strip()]
    return "".join(out)
