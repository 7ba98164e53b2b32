"""`course quiz`: the week's questions in the terminal, one at a time, each answer explained at once."""

from __future__ import annotations

import random
import sys
import textwrap
from pathlib import Path

from rich.text import Text

from grader.checks.quiz import Option, Question, quiz_path, read_quiz
from grader.cli.screen import out, width

_LETTERS = "abcdefghij"
_HOW = {"choice": "one letter", "many": "every letter that is right, such as ac", "numeric": "a number"}


def run(folder: Path, week: str) -> int:
    """Ask the questions of `week`; `q`, Ctrl-D or Ctrl-C stops early. Status 0: a quiz is not a test."""
    quiz = read_quiz(quiz_path(folder, week))
    number = len(quiz.questions)
    out().print(Text.assemble((f"{quiz.title}: {number} questions.", "bold"), " q ends.\n"))
    right = asked = 0
    for count, question in enumerate(quiz.questions, 1):
        options = list(question.options)
        random.shuffle(options)
        _paragraph(f"{count}. {question.question}", "   ", "bold", first="")
        if question.type != "numeric":
            for letter, option in zip(_LETTERS, options, strict=False):
                _paragraph(option.text, "      ", first=f"   {letter}) ")
        chosen = _ask(question, options)
        if chosen is None:
            break
        asked += 1
        right += _explain(question, options, chosen)
        out().print()
    if asked:
        out().print(Text(f"{right} of {asked} right at the first try.", "bold"))
    return 0


def _ask(question: Question, options: list[Option]) -> set[str] | None:
    """What was chosen, as texts; None to stop. Asks again for what is no answer."""
    how = _HOW[question.type]
    while True:
        try:
            typed = input(f"   ({how}) > ").strip().lower()
        except (EOFError, KeyboardInterrupt):
            out().print()
            return None
        if not sys.stdin.isatty():
            out().print()  # nobody pressed Enter: the next line would stand behind the prompt
        if typed in {"q", "quit"}:
            return None
        if question.type == "numeric":
            try:
                return {str(float(typed))}
            except ValueError:
                pass
        else:
            letters = [c for c in typed if c not in " ,;"]
            known = _LETTERS[: len(options)]
            if letters and all(c in known for c in letters) and (question.type == "many" or len(letters) == 1):
                return {options[known.index(c)].text for c in letters}
        _paragraph(f"{typed!r} is no answer: type {how}, or q to end.", "   ", "yellow")


def _explain(question: Question, options: list[Option], chosen: set[str]) -> bool:
    """Say what was right and why; returns whether the choice was."""
    if question.type == "numeric":
        wanted = next(o for o in options if o.correct)
        right = float(wanted.text) in {float(c) for c in chosen}
        _told(right, f"{wanted.text}. {wanted.feedback}")
        return right
    for option in options:
        if option.text in chosen or option.correct:
            missed = "" if option.text in chosen else " (you left this out)"
            _told(option.correct, f"{option.text}{missed}", option.feedback)
    return chosen == {o.text for o in options if o.correct}


def _told(right: bool, text: str, feedback: str = "") -> None:
    mark, colour = ("✔", "green") if right else ("✘", "red")
    _paragraph(text, "     ", colour, first=f"   {mark} ")
    if feedback:
        _paragraph(feedback, "     ")


def _paragraph(text: str, indent: str, style: str = "", first: str | None = None) -> None:
    lines = textwrap.fill(
        " ".join(text.split()), width(), initial_indent=indent if first is None else first, subsequent_indent=indent
    )
    out().print(Text(lines, style))
