"""What a notebook imports: ``from grader.notebook import check, connect, hint``."""

from grader.notebook.check import check, hint
from grader.notebook.connect import connect

__all__ = ["check", "connect", "hint"]
