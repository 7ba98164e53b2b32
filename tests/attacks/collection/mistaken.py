"""Honest mistakes: the answer is right, something around it is not as a grader would like it. Nothing may be lost."""

from __future__ import annotations

from typing import Any

from tests.attacks.attack import SOLVED, TARGET, attack, own_cell

_ALL: dict[str, Any] = {"expect": {TARGET: "solved"}, "deserves": (4.0, 2.0), "honest": True}
_NONE = "(no attack) nothing may be lost"


def _mistake(name: str, tries: str, code: str = SOLVED, **more: Any) -> None:
    attack(name, "mistaken", tries, _NONE, code=code, **{**_ALL, **more})


_mistake(
    "warns-on-stderr", "Warns on standard error each time it is called.",
    'import sys, warnings\n\n\ndef page_view(r, page):\n    warnings.warn("counting")\n'
    '    print("counting", file=sys.stderr)\n'
    '    return r.incr(f"page:{page}:views")\n',
)  # fmt: skip
_mistake(
    "file-called-redis", "Keeps a file named redis.py beside the notebook.",
    extra={"week1/redis.py": b"print('my notes')\n", "week1/random.py": b"x = 1\n", "week1/test.py": b"1 / 0\n"},
)  # fmt: skip
_mistake(
    "own-path", "Reads a file from a path of its own machine at the top of the cell, and goes on.",
    "try:\n    notes = open('/home/ada/notes.txt').read()\nexcept OSError:\n    notes = ''\n" + SOLVED,
)  # fmt: skip
_mistake("raises-afterwards", "Tries the answer below it in the same cell, and that raises.", SOLVED + "\n1 / 0\n")
_mistake("prints-a-lot", "Prints a thousand lines in each call.",
         'def page_view(r, page):\n    for n in range(1000):\n        print("line", n)\n'
         '    return r.incr(f"page:{page}:views")\n')  # fmt: skip
_mistake("reads-input-below", "Asks for input below the answer.", SOLVED + "\nname = input('Which page? ')\n")
_mistake("changes-the-settings", "Changes locale, recursion limit, working directory and the random seed.",
         "import os, random, sys\nsys.setrecursionlimit(500)\nos.chdir('/')\nrandom.seed(1)\n" + SOLVED)  # fmt: skip


def _renamed_kernel(notebook: dict[str, Any]) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "redis-course", "display_name": "My Python", "language": "python"}


_mistake("kernel-of-its-own", "Worked in a kernel of a name that only its machine has.", edits=_renamed_kernel,
         alone=True)  # fmt: skip


def _cell_that_raises(notebook: dict[str, Any]) -> None:
    notebook["cells"].insert(3, own_cell("r = undefined_name\nimport sys\nsys.exit()"))


_mistake("cell-that-raises", "Has a cell of its own above the answer that raises.", edits=_cell_that_raises)


def _no_ids(notebook: dict[str, Any]) -> None:
    notebook["nbformat_minor"] = 2
    for cell in notebook["cells"]:
        del cell["id"]


_mistake("ids-lost", "Was saved by an older editor that drops the cells' ids.", edits=_no_ids)


def _metadata_lost(notebook: dict[str, Any]) -> None:
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] = {}


_mistake("metadata-lost", "Went through a tool that drops all metadata.", edits=_metadata_lost, alone=True)


def _byte_order_mark(before: bytes) -> bytes:
    return b"\xef\xbb\xbf" + before.replace(b"\n", b"\r\n")


_mistake("windows-file", "Was saved on Windows, with a byte order mark.",
         replace={"week1/02-strings-and-counters.ipynb": _byte_order_mark}, alone=True)  # fmt: skip


def _retyped(notebook: dict[str, Any]) -> None:
    answer = next(c for c in notebook["cells"] if "def page_view" in "".join(c["source"]))
    at = notebook["cells"].index(answer)
    notebook["cells"][at] = own_cell("".join(answer["source"]), "4f2a9c01")


_mistake("cell-retyped", "Deleted the answer's cell and typed the answer into a new one.", edits=_retyped)
