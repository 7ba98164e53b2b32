"""The week's self-check questions, read from ``modules/weekN-…/quiz.yml``.

Shown in a notebook with jupyterquiz and in the terminal by `course quiz`; `course lint` holds them to their form.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader import quick_yaml

TYPES = ("choice", "many", "numeric")


class QuizError(ValueError):
    """A quiz cannot be used; the message names the question and what is wrong."""


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer: its text (or number), whether it is right, and a sentence that teaches."""

    text: str
    correct: bool
    feedback: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question: `type` is ``choice`` (one is right), ``many`` (all that are right) or ``numeric``."""

    id: str
    lesson: str
    question: str
    type: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Quiz:
    """A week's questions."""

    title: str
    path: Path
    questions: tuple[Question, ...]


def quiz_path(folder: Path, week: str) -> Path:
    """Where the quiz of `week` is in the course `folder`.

    Raises:
        QuizError: when there is none; names the weeks that have one.
    """
    found = sorted((folder / "modules").glob(f"{week}-*/quiz.yml"))
    if found:
        return found[0]
    have = sorted(p.parent.name.partition("-")[0] for p in (folder / "modules").glob("week*-*/quiz.yml"))
    raise QuizError(f"There is no quiz for {week!r}. There is one for: {', '.join(have) or 'no week yet'}.")


def read_quiz(path: Path) -> Quiz:
    """Read a quiz.

    Raises:
        QuizError: naming the first question that is not sound.
    """
    try:
        data = quick_yaml.load(path.read_text(encoding="utf-8"))
        questions = tuple(_question(raw, path) for raw in data["questions"])
        title = str(data["title"])
    except quick_yaml.YAMLError as error:
        raise QuizError(f"{path.name} is not YAML: {error}") from None
    except (KeyError, TypeError) as error:
        raise QuizError(f"{path.name}: {type(error).__name__}: {error}") from None
    ids = [q.id for q in questions]
    if doubled := {i for i in ids if ids.count(i) > 1}:
        raise QuizError(f"{path.name}: the ids {sorted(doubled)} are there twice")
    return Quiz(title, path, questions)


def _question(raw: dict[str, Any], path: Path) -> Question:
    label = f"{path.name}: {raw.get('id', '(no id)')}"
    kind = raw["type"]
    if kind not in TYPES:
        raise QuizError(f"{label}: type {kind!r} is none of {', '.join(TYPES)}")
    options = tuple(
        Option(str(a["value"] if "value" in a else a["text"]), bool(a["correct"]), str(a["feedback"]).strip())
        for a in raw["answers"]
    )
    right = sum(o.correct for o in options)
    if kind in {"choice", "numeric"} and right != 1:
        raise QuizError(f"{label}: exactly one answer has to be right, {right} are")
    if kind != "numeric" and len(options) < 3:
        raise QuizError(f"{label}: {len(options)} answers are too few to choose from")
    if not right or any(not o.feedback for o in options):
        raise QuizError(f"{label}: needs a right answer, and feedback for each")
    if not (path.parent / raw["lesson"]).is_file():
        raise QuizError(f"{label}: its lesson {raw['lesson']} does not exist")
    return Question(str(raw["id"]), str(raw["lesson"]), str(raw["question"]).strip(), kind, options)
