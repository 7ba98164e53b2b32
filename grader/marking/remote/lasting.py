"""What the checks keep: lists and tables of their modules, which outlive an exercise and a submission.

An answer may change a list that it was handed, and its check may look at that. The list must not be one of these: the
next check, and the next learner, would be judged by what a stranger left in it.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import grader.checks

_CHECKS = str(Path(grader.checks.__file__).parent)
_known: tuple[frozenset[str], frozenset[int]] = (frozenset(), frozenset())


def lasts(value: object) -> bool:
    """Whether `value` belongs to a module of checks, and not to one run of one of them."""
    global _known
    modules = frozenset(name for name, module in list(sys.modules.items()) if _is_check(module))
    if modules != _known[0]:
        _known = modules, frozenset(_kept(modules))
    return id(value) in _known[1]


def _is_check(module: Any) -> bool:
    return str(getattr(module, "__file__", None) or "").startswith(_CHECKS)


def _kept(modules: frozenset[str]) -> set[int]:
    """The ids of all lists, dictionaries, sets and bytearrays that can be reached from `modules`."""
    found: set[int] = set()
    seen: set[int] = set()
    left: list[Any] = [value for name in modules for value in list(vars(sys.modules[name]).values())]
    while left:
        value = left.pop()
        if id(value) in seen or isinstance(value, str | bytes | int | float | types.ModuleType):
            continue
        seen.add(id(value))
        if isinstance(value, list | dict | set | bytearray):
            found.add(id(value))
        if isinstance(value, dict):
            left += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            left += list(value)
        elif isinstance(value, types.FunctionType):
            left += [value.__defaults__, value.__kwdefaults__, value.__dict__]
            left += [cell.cell_contents for cell in value.__closure__ or () if _is_full(cell)]
        elif isinstance(value, type):
            if _is_check(sys.modules.get(value.__module__)):
                left += list(vars(value).values())
        elif hasattr(value, "__dict__"):
            left += list(vars(value).values())
    return found


def _is_full(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
