"""`course quiz`: the week's questions in the terminal, one at a time, each answer explained at once."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from rich.text import Text

from grader.checks.quiz import Option, Question, quiz_path, read_quiz
from grader.cli.screen import errors, out

_LETTERS = "abcdefghij"


def run(folder: Path, week: str) -> int:
    """Ask the questions of `week`; Ctrl-D or `q` stops early. Status 0: a quiz is not a test."""
    quiz = read_quiz(quiz_path(folder, week))
    out().print(Text(f"{quiz.title}: {len(quiz.questions)} questions. q ends.\n", "bold"))
    right = asked = 0
    for number, question in enumerate(quiz.questions, 1):
        options = list(question.options)
        random.shuffle(options)
        out().print(Text(f"{number}. {question.question}", "bold"))
        if question.type != "numeric":
            for letter, option in zip(_LETTERS, options, strict=False):
                out().print(Text(f"   {letter}) {option.text}"))
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
    how = {"choice": "one letter", "many": "all letters that are right", "numeric": "a number"}[question.type]
    while True:
        try:
            typed = input(f"   ({how}) > ").strip().lower()
        except EOFError:
            return None
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
        if not sys.stdin.isatty():
            errors().print(f"{typed!r} is no answer; {how} is.")


def _explain(question: Question, options: list[Option], chosen: set[str]) -> bool:
    if question.type == "numeric":
        wanted = next(o for o in options if o.correct)
        right = float(wanted.text) in {float(c) for c in chosen}
        out().print(Text(f"   {'✔' if right else '✘'} {wanted.text}. {wanted.feedback}", "green" if right else "red"))
        return right
    right = chosen == {o.text for o in options if o.correct}
    for option in options:
        if option.text in chosen or option.correct:
            mark, colour = ("✔", "green") if option.correct else ("✘", "red")
            missed = "" if option.text in chosen else " (you left this out)"
            out().print(Text(f"   {mark} {option.text}{missed}: {option.feedback}", colour))
    return right
