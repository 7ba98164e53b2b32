"""What a notebook imports: ``from grader.notebook import check, connect, hint``."""

from grader.notebook.check import check, hint
from grader.notebook.connect import connect
from grader.notebook.quiz import quiz

__all__ = ["check", "connect", "hint", "quiz"]
