"""What a notebook imports: ``from grader.notebook import check, connect, hint, race, faults, wire``, and for the
learner's own server ``my_server, compare, stages``.

All but the first three are loaded when they are asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from grader.notebook.check import check, hint
from grader.notebook.connect import connect
from grader.notebook.quiz import quiz

if TYPE_CHECKING:
    from grader.notebook import faults, wire
    from grader.notebook.own_server import my_server, stages
    from grader.notebook.races import race
    from grader.notebook.side_by_side import compare

__all__ = ["check", "compare", "connect", "faults", "hint", "my_server", "quiz", "race", "stages", "wire"]


def __getattr__(name: str) -> Any:
    if name == "race":
        from grader.notebook.races import race

        return race
    if name == "compare":
        return importlib.import_module("grader.notebook.side_by_side").compare
    if name in {"my_server", "stages"}:
        return getattr(importlib.import_module("grader.notebook.own_server"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
