"""A notebook as most courses have it: five answers and five cells of ordinary asserts, with hidden ones.

Five tasks of week 1, so that the same attacks fit. `stock.py` releases it with nbgrader and grades it as it comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import nbformat

SETUP = """
import os

import redis

r = redis.Redis(unix_socket_path=os.environ["COURSE_REDIS"], decode_responses=True)
"""

TASKS: dict[str, tuple[str, str, str]] = {
    "page_view": (
        'def page_view(r, page):\n    """Count one view of `page`; return its views so far."""',
        'r.flushdb()\nassert page_view(r, "home") == 1\nassert page_view(r, "home") == 2',
        'assert page_view(r, "about") == 1\nassert r.get("page:home:views") == "2"',
    ),
    "read_many": (
        'def read_many(r, keys):\n    """The values of `keys`, in their order; None where a key is missing."""',
        'r.flushdb()\nr.mset({"a": "1", "b": "2"})\nassert read_many(r, ["b", "a"]) == ["2", "1"]',
        'assert read_many(r, ["a", "nobody"]) == ["1", None]',
    ),
    "claim": (
        'def claim(r, name, user):\n    """Make `user` the owner of `name` if it is free; return if they own it."""',
        'r.flushdb()\nassert claim(r, "ada", "user:1") is True\nassert claim(r, "ada", "user:2") is False',
        'assert claim(r, "ada", "user:1") is True',
    ),
    "percentiles": (
        'def percentiles(samples):\n    """The median and the 99th percentile of `samples`, by nearest rank."""',
        "assert percentiles([4, 1, 3, 2]) == (2, 4)",
        "assert percentiles(list(range(150, 0, -1))) == (75, 149)",
    ),
    "encode": (
        'def encode(*args):\n    """The bytes of the command made of `args`."""',
        'assert encode("PING") == b"*1\\r\\n$4\\r\\nPING\\r\\n"',
        'assert encode("GET", "\\u00e9") == b"*2\\r\\n$3\\r\\nGET\\r\\n$2\\r\\n\\xc3\\xa9\\r\\n"',
    ),
}

# Answers that deserve their point.
RIGHT = {
    "page_view": 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")',
    "read_many": "def read_many(r, keys):\n    return r.mget(keys)",
    "claim": (
        "def claim(r, name, user):\n"
        '    return bool(r.set(f"username:{name}", user, nx=True)) or r.get(f"username:{name}") == user'
    ),
    "percentiles": (
        "def percentiles(samples):\n    ordered = sorted(samples)\n"
        "    rank = lambda p: ordered[-(-p * len(ordered) // 100) - 1]\n    return rank(50), rank(99)"
    ),
    "encode": (
        "def encode(*args):\n"
        "    parts = [a if isinstance(a, bytes) else str(a).encode() for a in args]\n"
        '    return b"*%d\\r\\n" % len(parts) + b"".join(b"$%d\\r\\n%b\\r\\n" % (len(p), p) for p in parts)'
    ),
}


def source() -> dict[str, Any]:
    """The instructor's notebook, for ``nbgrader generate_assignment``."""
    cells = [_cell("setup", SETUP.strip(), locked=True)]
    for name, (head, shown, hidden) in TASKS.items():
        body = RIGHT[name].partition("\n")[2]
        text = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells.append(_cell(name, text, solution=True))
        text = f"{shown}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
        cells.append(_cell(f"{name}-test", text, grade=True, locked=True, points=1))
    return _notebook(cells)


@cache
def _released() -> str:
    """The release as nbgrader makes it: hidden tests and solutions are gone."""
    made = source()
    for cell in made["cells"]:
        name = cell["id"].removesuffix("-test")
        if cell["id"] in TASKS:
            cell["source"] = f"{TASKS[name][0]}\n    # YOUR CODE HERE\n    raise NotImplementedError()"
        elif name in TASKS:
            cell["source"] = TASKS[name][1]
    return json.dumps(made)


def filled(answers: Mapping[str, str], edits: Callable[[dict[str, Any]], None] | None = None) -> bytes:
    """The released notebook with `answers` by name, as a learner hands it in."""
    notebook = json.loads(_released())
    for cell in notebook["cells"]:
        if cell["id"] in answers:
            cell["source"] = answers[cell["id"]]
    if edits is not None:
        edits(notebook)
    return json.dumps(notebook).encode()


def _cell(cell_id: str, text: str, **more: Any) -> dict[str, Any]:
    marks = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3} | more
    cell = nbformat.v4.new_code_cell(text, id=cell_id)
    cell.metadata["nbgrader"] = {**marks, "grade_id": cell_id, "cell_type": "code"}
    return dict(cell)


def _notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
