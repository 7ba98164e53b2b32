"""IPython's magics in the source of a cell, and the Python that is left without them.

Marking and the notebook's watcher read cells as Python. A cell may begin with ``%%wire`` (its body is Python all the
same), be no Python at all (``%%redis``, ``%%bash``), or hold line magics and shell lines. Called for every cell that is
marked or has run.
"""

from __future__ import annotations

import ast
import re

# Cell magics that run the rest of the cell as Python in the notebook's own names.
_RUNS_PYTHON = frozenset({"wire", "time", "capture", "prun", "debug"})
_CELL_MAGIC = re.compile(r"%%(\w+)")
_LINE_MAGIC = re.compile(r"(?P<indent>\s*)(?:(?P<names>[\w.,\s]*\w\s*)=\s*)?(?:[%!]|\?\S|.*\S\?\s*$)")


def without_cell_magic(source: str) -> str:
    """`source` with ``%%wire`` and its like replaced by empty lines; empty where what follows is no Python."""
    lines = source.split("\n")
    for number, line in enumerate(lines):
        found = _CELL_MAGIC.match(line)
        if found is None and line.strip():
            break
        if found is not None:
            if found[1] not in _RUNS_PYTHON:
                return ""
            lines[number] = ""
    return "\n".join(lines)


def read_python(source: str, filename: str = "<cell>") -> ast.Module:
    """The statements of a cell.

    A line that Python cannot read and that looks like a magic (``%time f()``, ``x = !ls``, ``f?``) becomes one that
    does nothing, so that line numbers stay. A line that begins with ``%`` because it goes on with a formula is left.

    Raises:
        SyntaxError: for anything else that Python cannot read, as do the other exceptions of `ast.parse`.
    """
    lines = without_cell_magic(source).split("\n")
    for _ in range(len(lines) + 1):
        try:
            return ast.parse("\n".join(lines), filename)
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            magic = _LINE_MAGIC.match(lines[at]) if 0 <= at < len(lines) else None
            if magic is None:
                raise
            lines[at] = f"{magic['indent']}{magic['names']}= None" if magic["names"] else f"{magic['indent']}pass"
    raise SyntaxError("no Python is left")
