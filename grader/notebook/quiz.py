"""``quiz("week1")`` in a notebook: the week's self-check questions, shown with jupyterquiz."""

from __future__ import annotations

from typing import Any

from grader.checks.quiz import Question, Quiz, QuizError, quiz_path, read_quiz
from grader.marking.place import NotInCourseError, course_folder
from grader.notebook.quiet import Quiet


def quiz(week: str) -> None:
    """Show the questions of `week`; answers stay in the browser and count for nothing.

    Raises:
        Quiet: when there is no such quiz.
    """
    try:
        found = read_quiz(quiz_path(course_folder(), week))
    except (QuizError, NotInCourseError) as error:
        raise Quiet(str(error)) from None
    from jupyterquiz import display_quiz

    display_quiz(as_jupyterquiz(found), shuffle_questions=False, shuffle_answers=True)


def as_jupyterquiz(found: Quiz) -> list[dict[str, Any]]:
    """The questions in jupyterquiz's own form."""
    return [_as_jupyterquiz(q) for q in found.questions]


def _as_jupyterquiz(question: Question) -> dict[str, Any]:
    if question.type == "numeric":
        answers: list[dict[str, Any]] = [
            {"type": "value", "value": float(o.text), "correct": o.correct, "feedback": o.feedback}
            for o in question.options
        ]
        answers.append({"type": "default", "feedback": "Not yet. Try it on your Redis."})
        return {"question": question.question, "type": "numeric", "answers": answers}
    kind = "multiple_choice" if question.type == "choice" else "many_choice"
    answers = [{"answer": o.text, "correct": o.correct, "feedback": o.feedback} for o in question.options]
    return {"question": question.question, "type": kind, "answers": answers}
