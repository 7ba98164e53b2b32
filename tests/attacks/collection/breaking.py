"""Notebooks that are no notebooks, and sources that no parser likes."""

from __future__ import annotations

import json

from tests.attacks.attack import BESIDE, ELSEWHERE, TARGET, attack

_STOPS = "a marker that falls over, hangs, or a batch that stops"
_NOTEBOOK = "week1/02-strings-and-counters.ipynb"
_LOST = {TARGET: "lost", BESIDE: "lost", ELSEWHERE: "solved"}
_NOTHING = {"deserves": (0.0, 0.0), "expect": _LOST}
_WRONG = "def page_view(r, page):\n    return None\n"


def _file(name: str, tries: str, data: bytes, **more: object) -> None:
    attack(name, "breaking", tries, _STOPS, replace={_NOTEBOOK: lambda before: data}, **{**_NOTHING, **more})


_file("empty-file", "Hands in an empty file.", b"")
_file("torn-json", "Hands in half a notebook.", b'{"cells": [{"cell_type": "code", "source": "def page_vi')
_file("nested-json", "Hands in JSON that is nested a hundred thousand deep.", b"[" * 100_000 + b"]" * 100_000)
_file("not-a-notebook", "Hands in JSON that is no notebook.", b'{"cells": {"0": 1}, "nbformat": "four"}')
_file("binary-file", "Hands in a program, renamed.", b"\x7fELF" + bytes(range(256)) * 200)
_file("utf-16", "Hands in a notebook in UTF-16.", '{"cells": [], "nbformat": 4}'.encode("utf-16"), expect=_LOST)
_file(
    "huge-numbers", "Hands in numbers of a million digits, infinities and a key that is there twice.",
    b'{"nbformat": ' + b"9" * 1_000_000 + b', "nbformat": 1e999, "cells": [], "cells": NaN, "metadata": {}}',
)  # fmt: skip
_file(
    "wrong-types", "Hands in cells of every type but the right one.",
    json.dumps({
        "nbformat": 4, "nbformat_minor": 5, "metadata": [],
        "cells": [None, 1, "x", [], {"cell_type": ["code"]}, {"cell_type": "code", "source": {"a": 1}, "id": []},
                  {"cell_type": "code", "source": [1, None], "metadata": 7, "id": {"a": 1}},
                  {"cell_type": "code", "source": "x = 1", "metadata": {"nbgrader": {"grade_id": ["a"]}}}],
    }).encode(),
)  # fmt: skip


def _many_cells(before: bytes) -> bytes:
    notebook = json.loads(before)
    empty = b'{"cell_type":"code","source":"","metadata":{},"outputs":[],"execution_count":null}'
    head, _, tail = json.dumps({**notebook, "cells": ["HERE"]}).encode().partition(b'"HERE"')
    kept = json.dumps(notebook["cells"]).encode()[1:-1]
    return head + kept + b"," + b",".join([empty] * 1_000_000) + tail


attack(
    "a-million-cells", "breaking", "Hands in a notebook of a million cells, 85 MB.", _STOPS,
    code=_WRONG, replace={_NOTEBOOK: _many_cells}, deserves=(2.0, 1.0), alone=True,
    expect={TARGET: "lost", BESIDE: "any"},
)  # fmt: skip


def _large_output(before: bytes) -> bytes:
    notebook = json.loads(before)
    code = next(c for c in notebook["cells"] if c["cell_type"] == "code")
    code["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 60_000_000}]
    return json.dumps(notebook).encode()


attack(
    "sixty-megabytes", "breaking", "Hands in a notebook with sixty megabytes of output.", _STOPS,
    code=_WRONG, replace={_NOTEBOOK: _large_output}, deserves=(2.0, 1.0), alone=True,
    expect={TARGET: "lost", BESIDE: "any"},
)  # fmt: skip

attack("nul-in-the-source", "breaking", "Puts NUL and form feeds into the source.", _STOPS,
       code="def page_view(r, page):\n    return\x00 1\x0c\n", deserves=(2.0, 1.0))  # fmt: skip
attack("surrogates-in-the-source", "breaking", "Puts half a surrogate pair into the source and its names.", _STOPS,
       code="def page_view(r, page):\n    return '\ud800'  # \udfff\n", deserves=(2.0, 1.0))  # fmt: skip
attack("nested-source", "breaking", "Nests parentheses beyond what a parser can take.", _STOPS,
       code="def page_view(r, page):\n    return " + "(" * 50_000 + ")" * 50_000 + "\n",
       deserves=(2.0, 1.0))  # fmt: skip
attack("signs-in-the-source", "breaking", "Writes two hundred thousand signs before a number.", _STOPS,
       code="def page_view(r, page):\n    return " + "-" * 200_000 + "1\n", deserves=(2.0, 1.0),
       expect={TARGET: "lost", BESIDE: "any"})  # fmt: skip
attack("huge-literals", "breaking", "Writes constants that the compiler would have to compute.", _STOPS,
       code="def page_view(r, page):\n    return (((1 << 100_000) ** 50_000) % 7, [0] * 10 ** 9)\n",
       deserves=(2.0, 1.0), alone=True)  # fmt: skip
attack("encoding-declared", "breaking", "Declares encodings that are none, or that run code when they are looked up.",
       _STOPS, code="# -*- coding: rot13 -*-\n# vim: set fileencoding=nothing :\n" + _WRONG)  # fmt: skip
attack("magics", "breaking", "Uses the notebook's magics to run programs, and writes files with them.", _STOPS,
       code="%%bash\necho planted > /tmp/planted-by-an-attack-magic\n", deserves=(2.0, 1.0), alone=True)  # fmt: skip
attack(
    "missing-notebooks", "breaking", "Hands in nothing but a file of another course.", _STOPS,
    replace={_NOTEBOOK: lambda before: b"{}", "week9/other.ipynb": lambda before: b"{}", "a" * 200: lambda before: b""},
    deserves=(0.0, 0.0), expect=_LOST, stock=False,
)  # fmt: skip
