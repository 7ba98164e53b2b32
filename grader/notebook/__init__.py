"""What a notebook imports: ``from grader.notebook import check, connect, hint, race, faults, wire``.

The modules behind `race`, `faults` and `wire` are loaded when they are asked for.
"""

from typing import TYPE_CHECKING, Any

from grader.notebook.check import check, hint
from grader.notebook.connect import connect
from grader.notebook.quiz import quiz

if TYPE_CHECKING:
    from grader.notebook import faults, wire
    from grader.notebook.races import race

__all__ = ["check", "connect", "faults", "hint", "quiz", "race", "wire"]


def __getattr__(name: str) -> Any:
    if name == "race":
        from grader.notebook.races import race

        return race
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
