"""The card under a check: each promise with its mark, what broke and why, what was sent, what to do next.

HTML where a browser shows it (JupyterLab's own colours where it has them, and signal colours that can be read in its
light and its dark theme), plain text elsewhere.
"""

from __future__ import annotations

import textwrap
from html import escape

from grader.checks import Exercise
from grader.checks.session import Promise
from grader.marking import ExerciseResult

MARKS = {"kept": "✔", "broken": "✘", "untried": "·", "skipped": "–", "error": "!"}
_TONES = {"kept": "good", "broken": "bad", "untried": "dim", "skipped": "dim", "error": "odd"}
_SENT_LIMIT = 14
_LINE_LIMIT = 200

# The class again and again, because JupyterLab's own rules for lists and code in outputs are as specific as that.
# The last rule hides the one-line error below a red card: it repeats the card, and is for Validate and nbgrader.
_STYLE = """
<style>
.rc-card{--rc-good:#1a7f37;--rc-bad:#cf222e;--rc-odd:#9a6700;--rc-hint:#0969da;--rc-tint:rgba(191,135,0,.10);
 --rc-dim:#5f6770;--rc-box:rgba(125,125,125,.10);--rc:var(--rc-dim);
 border:1px solid var(--jp-border-color2,#8884);border-left:4px solid var(--rc);border-radius:6px;
 padding:9px 15px 10px;margin:4px 0;max-width:60em;overflow-wrap:anywhere;
 font:13.5px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);
 color:var(--jp-ui-font-color1,inherit);background:var(--jp-layout-color1,transparent)}
[data-jp-theme-light="false"] .rc-card,.vscode-dark .rc-card{--rc-good:#4ac26b;--rc-bad:#ff8182;--rc-odd:#d4a72c;
 --rc-hint:#54aeff;--rc-tint:rgba(212,167,44,.13);--rc-dim:#a3abb4}
.rc-good{color:var(--rc-good)}.rc-bad{color:var(--rc-bad)}.rc-odd{color:var(--rc-odd)}
.rc-card .rc-dim{color:var(--rc-dim)}
.rc-head{display:flex;gap:2px 10px;align-items:baseline;flex-wrap:wrap}
.rc-head b{font-size:14.5px;color:var(--rc)}.rc-head span{margin-left:auto;font-size:12.5px}
.rc-card.rc-card ul{list-style:none;margin:5px 0 0;padding:0}
.rc-card.rc-card li{display:grid;grid-template-columns:20px minmax(0,1fr);margin:2px 0;padding:0}
.rc-card li>span{font-weight:700}
.rc-card.rc-card p{margin:3px 0}
.rc-card.rc-card dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:1px 12px;margin:3px 0 4px;
 font-size:13px}
.rc-card.rc-card :is(dt,dd){float:none;width:auto;margin:0;padding:0}
.rc-card.rc-card dt{color:var(--rc-dim);font-weight:400;white-space:nowrap}.rc-card dd{white-space:pre-wrap}
.rc-card.rc-card.rc-card code{font-size:12.5px;padding:0 3px;border-radius:3px;background:var(--rc-box);
 color:var(--jp-ui-font-color1,inherit);white-space:pre-wrap}.rc-card.rc-card.rc-card .rc-dim code{color:inherit}
.rc-card.rc-card pre{margin:5px 0 6px;padding:6px 11px;border-radius:4px;border:0;background:var(--rc-box);
 font:12.5px/1.45 var(--jp-code-font-family,monospace);color:inherit;white-space:pre-wrap;max-height:26em;
 overflow-y:auto}
.rc-why{margin:5px 0 6px;padding:5px 11px 6px;border-left:3px solid var(--rc-odd);border-radius:0 4px 4px 0;
 background:var(--rc-tint)}
.rc-foot{margin-top:8px;padding-top:6px;border-top:1px solid var(--jp-border-color2,#8884)}
.rc-card summary{cursor:pointer;color:var(--rc-dim);margin-top:3px}
.jp-OutputArea-child:has(>* .rc-card:is([data-status=wrong],[data-status=todo]))+
 .jp-OutputArea-child:has(>[data-mime-type="application/vnd.jupyter.stderr"]){display:none}
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
        mark, tone = self._mark()
        parts = [
            f'{_STYLE}<div class="rc-card" data-status="{r.status}" style="--rc:var(--rc-{tone})">',
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
        if promise.status in {"broken", "error"}:
            first = promise is self.result.first_broken or promise.status == "error"
            if promise.expected:
                parts.append(
                    f"<dl><dt>promised</dt><dd>{_fact(promise.expected)}</dd>"
                    f"<dt>happened</dt><dd>{_fact(promise.happened)}</dd></dl>"
                )
            elif first:
                parts.append(f'<p class="rc-{tone}">{_fact(promise.happened)}</p>')
            if first:
                parts.append(self._why_html(promise))
        return "".join(parts) + "</div></li>"

    def _why_html(self, promise: Promise) -> str:
        """Only below the first broken promise: where it broke, the misconception, what was sent."""
        parts = []
        if promise.where and promise.kind != "todo":
            parts.append(_pre(promise.where))
        if promise.misconception is not None:
            text = self.exercise.misconceptions.get(promise.misconception, "")
            parts.append(f'<div class="rc-why"><b>{escape(promise.misconception)}</b><br>{_inline(text)}</div>')
        if promise.sent:
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
            f'{_STYLE}<div class="rc-card" style="--rc:var(--rc-hint)"><div class="rc-head"><b>Hint {self.number} of '
            f'{len(self.exercise.hints)}</b><code class="rc-dim">{escape(self.exercise.slug)}</code></div>'
            f"{_blocks(text)}</div>"
        )

    def __repr__(self) -> str:
        return f"Hint {self.number} of {len(self.exercise.hints)}  [{self.exercise.slug}]\n" + textwrap.indent(
            self.exercise.hints[self.number - 1], "  "
        )


def _pre(lines: list[str]) -> str:
    return f"<pre>{escape(chr(10).join(lines))}</pre>"


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
