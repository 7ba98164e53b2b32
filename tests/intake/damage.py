"""What honest people and their editors do to notebooks, as functions.

Each takes a notebook (a dict that it may change) and the id of an answer's cell, and gives the bytes that end up in a
submission. Nothing in here knows one week from another, so a new week is damaged the same ways. `HONEST` holds those
after which every answer is still there; `LOSSY` those that take the named answer (or, as said, those behind it) away.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Notebook = dict[str, Any]
Damage = Callable[[Notebook, str], bytes]

HONEST: dict[str, Damage] = {}
LOSSY: dict[str, Damage] = {}


def honest(damage: Damage) -> Damage:
    HONEST[damage.__name__] = damage
    return damage


def lossy(damage: Damage) -> Damage:
    LOSSY[damage.__name__] = damage
    return damage


def written(notebook: Notebook, indent: int | None = 1) -> bytes:
    """As Jupyter writes it."""
    return (json.dumps(notebook, indent=indent, ensure_ascii=False, sort_keys=True) + "\n").encode()


def source_of(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def put(cell: dict[str, Any], source: str) -> None:
    cell["source"] = source.splitlines(keepends=True)


def where(notebook: Notebook, cell_id: str) -> int:
    return next(i for i, c in enumerate(notebook["cells"]) if c.get("id") == cell_id)


def own(source: str, cell_id: str = "mine", kind: str = "code") -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": cell_id, "metadata": {}, "source": source}
    return cell | {"outputs": [], "execution_count": None} if kind == "code" else cell


def clone(cell: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(json.dumps(cell)))


def lines_at_top(source: str) -> list[int]:
    """Where a cell can be cut: before lines that begin at the margin, the first one excepted."""
    lines = source.split("\n")
    return [i for i, line in enumerate(lines) if i and line and not line[0].isspace() and line[0] not in ")]}"]


# --- cells


@honest
def nothing(notebook: Notebook, cell_id: str) -> bytes:
    return written(notebook)


@honest
def copied_in_jupyterlab(notebook: Notebook, cell_id: str) -> bytes:
    """The same cell twice: JupyterLab keeps nbgrader's metadata and gives a new id."""
    at = where(notebook, cell_id)
    notebook["cells"].insert(at + 1, clone(notebook["cells"][at]) | {"id": "3f2a"})
    return written(notebook)


@honest
def the_starter_copied_behind(notebook: Notebook, cell_id: str) -> bytes:
    """Kept 'to look at it again': the copy that was not changed stands behind the answer."""
    at = where(notebook, cell_id)
    copy = clone(notebook["cells"][at]) | {"id": "3f2b"}
    put(copy, notebook["starters"][cell_id])
    notebook["cells"].insert(at + 1, copy)
    return written(notebook)


@honest
def the_starter_copied_before(notebook: Notebook, cell_id: str) -> bytes:
    at = where(notebook, cell_id)
    copy = clone(notebook["cells"][at]) | {"id": "3f2c"}
    put(copy, notebook["starters"][cell_id])
    notebook["cells"].insert(at, copy)
    return written(notebook)


@honest
def an_old_version_above(notebook: Notebook, cell_id: str) -> bytes:
    """A first try, complete but different, in a copy of the cell further up."""
    at = where(notebook, cell_id)
    copy = clone(notebook["cells"][at]) | {"id": "3f2d"}
    put(copy, source_of(copy) + "\n\n# first try")
    notebook["cells"].insert(at, copy)
    return written(notebook)


@honest
def answered_in_a_new_cell(notebook: Notebook, cell_id: str) -> bytes:
    """The answer in a cell of their own, above the starter that they left alone."""
    at = where(notebook, cell_id)
    text = source_of(notebook["cells"][at])
    put(notebook["cells"][at], notebook["starters"][cell_id])
    notebook["cells"].insert(at, own(text, "8c1d"))
    return written(notebook)


@honest
def split_with_metadata(notebook: Notebook, cell_id: str) -> bytes:
    """Split by JupyterLab: both pieces have the metadata."""
    at = where(notebook, cell_id)
    cell = notebook["cells"][at]
    cuts = lines_at_top(source_of(cell))
    if cuts:
        lines = source_of(cell).split("\n")
        cut = cuts[len(cuts) // 2]
        second = clone(cell) | {"id": "5a5a"}
        put(cell, "\n".join(lines[:cut]))
        put(second, "\n".join(lines[cut:]))
        notebook["cells"].insert(at + 1, second)
    return written(notebook)


@honest
def split_inside_a_function(notebook: Notebook, cell_id: str) -> bytes:
    """Split at a line that is indented; the second piece has nothing of the first but its place."""
    at = where(notebook, cell_id)
    cell = notebook["cells"][at]
    lines = source_of(cell).split("\n")
    cuts = [i for i, line in enumerate(lines) if line[:1] == " "]
    if cuts:
        put(cell, "\n".join(lines[: cuts[0]]))
        notebook["cells"].insert(at + 1, own("\n".join(lines[cuts[0] :]), "5a5b"))
    return written(notebook)


def _merge(notebook: Notebook, first: int, second: int, glue: str) -> None:
    cells = notebook["cells"]
    put(cells[first], source_of(cells[first]) + glue + source_of(cells[second]))
    del cells[second]


def _code_beside(notebook: Notebook, at: int, step: int) -> int | None:
    """The nearest code cell that is no answer."""
    cells = notebook["cells"]
    i = at + step
    while 0 <= i < len(cells):
        if cells[i]["cell_type"] == "code":
            return None if cells[i]["id"] in notebook["starters"] else i
        i += step
    return None


@honest
def merged_with_its_check(notebook: Notebook, cell_id: str) -> bytes:
    at = where(notebook, cell_id)
    _merge(notebook, at, at + 1, "\n\n")
    return written(notebook)


@honest
def merged_into_the_cell_above(notebook: Notebook, cell_id: str) -> bytes:
    """The text goes to the end of the cell above, whose name stays."""
    at = where(notebook, cell_id)
    above = _code_beside(notebook, at, -1)
    if above is not None:
        _merge(notebook, above, at, "\n\n")
    return written(notebook)


@honest
def deleted_its_check(notebook: Notebook, cell_id: str) -> bytes:
    del notebook["cells"][where(notebook, f"{cell_id}-check")]
    return written(notebook)


@honest
def deleted_everything_else(notebook: Notebook, cell_id: str) -> bytes:
    """Tidied up for handing in: only the answers are left."""
    notebook["cells"] = [c for c in notebook["cells"] if c["id"] in notebook["starters"]]
    return written(notebook)


@honest
def moved_to_the_end(notebook: Notebook, cell_id: str) -> bytes:
    cells = notebook["cells"]
    cells.append(cells.pop(where(notebook, cell_id)))
    return written(notebook)


@honest
def moved_to_the_top(notebook: Notebook, cell_id: str) -> bytes:
    cells = notebook["cells"]
    cells.insert(0, cells.pop(where(notebook, cell_id)))
    return written(notebook)


@honest
def turned_into_markdown(notebook: Notebook, cell_id: str) -> bytes:
    cell = notebook["cells"][where(notebook, cell_id)]
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]
    return written(notebook)


@honest
def turned_into_raw(notebook: Notebook, cell_id: str) -> bytes:
    cell = notebook["cells"][where(notebook, cell_id)]
    cell["cell_type"] = "raw"
    del cell["outputs"], cell["execution_count"]
    return written(notebook)


@honest
def renamed(notebook: Notebook, cell_id: str) -> bytes:
    """Cut and pasted through a text: a new cell without metadata."""
    at = where(notebook, cell_id)
    notebook["cells"][at] = own(source_of(notebook["cells"][at]), "b7b7")
    return written(notebook)


@honest
def all_ids_stripped(notebook: Notebook, cell_id: str) -> bytes:
    """A script that cleans notebooks: no ids, no metadata."""
    for cell in notebook["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {}
    notebook["nbformat_minor"] = 4
    return written(notebook)


@honest
def all_ids_renamed(notebook: Notebook, cell_id: str) -> bytes:
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"r{number:08x}"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = f"r{number:08x}"
    return written(notebook)


@honest
def neighbours_deleted(notebook: Notebook, cell_id: str) -> bytes:
    """The cells around it are gone, but for other answers; its own name too."""
    at = where(notebook, cell_id)
    notebook["cells"][at] = own(source_of(notebook["cells"][at]), "b7b8")
    cells = notebook["cells"]
    near = {id(c) for c in cells[max(0, at - 2) : at] + cells[at + 1 : at + 3] if c["id"] not in notebook["starters"]}
    notebook["cells"] = [c for c in cells if id(c) not in near]
    return written(notebook)


@honest
def points_and_checks_edited(notebook: Notebook, cell_id: str) -> bytes:
    for cell in notebook["cells"]:
        if cell["id"].endswith("-check"):
            cell["metadata"]["nbgrader"]["points"] = 1000
            put(cell, "pass")
    return written(notebook)


@honest
def prints_magics_and_noise_around(notebook: Notebook, cell_id: str) -> bytes:
    """Cells of one's own before and behind, one of which raises and one of which is no Python."""
    at = where(notebook, cell_id)
    notebook["cells"].insert(at + 1, own("1 / 0", "n1"))
    notebook["cells"].insert(at + 1, own("print('done')\ndef", "n2"))
    notebook["cells"].insert(at, own("%timeit 1\n!pip install redis\n!ls /home/me", "n3"))
    notebook["cells"].insert(at, own("My thoughts on this.", "n4", "markdown"))
    return written(notebook)


@honest
def outputs_of_every_kind(notebook: Notebook, cell_id: str) -> bytes:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = 7
            cell["outputs"] = [
                {"name": "stderr", "output_type": "stream", "text": ['Warning: "cells": [{\n', '"source": "x"}]\n']},
                {"data": {"image/png": "iVBORw0KGgo" * 500}, "metadata": {}, "output_type": "display_data"},
            ]
    return written(notebook)


# --- editors and formats


@honest
def saved_by_colab(notebook: Notebook, cell_id: str) -> bytes:
    """Its own ids in the metadata, format 4.0, its own keys, one line."""
    for number, cell in enumerate(notebook["cells"]):
        cell.pop("id", None)
        keep = {"id": f"CoLaB{number:07d}", "executionInfo": {"elapsed": 3}}
        cell["metadata"] = keep
    del notebook["starters"]
    notebook["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook["nbformat_minor"] = 0
    return json.dumps(notebook).encode()


@honest
def saved_by_vscode(notebook: Notebook, cell_id: str) -> bytes:
    """Sources as strings with Windows' line ends, ids of its own, nbgrader's metadata kept."""
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"{number:08x}"
        cell["source"] = [line.replace("\n", "\r\n") for line in cell["source"]]
        cell["metadata"]["vscode"] = {"languageId": "python"}
    return json.dumps(notebook, indent=4).replace("\n", "\r\n").encode()


@honest
def saved_by_jupyterlab(notebook: Notebook, cell_id: str) -> bytes:
    for cell in notebook["cells"]:
        cell["metadata"] |= {"trusted": True, "editable": True, "slideshow": {"slide_type": ""}}
    notebook["metadata"]["language_info"]["version"] = "3.13.0"
    return written(notebook)


@honest
def source_as_one_string(notebook: Notebook, cell_id: str) -> bytes:
    for cell in notebook["cells"]:
        cell["source"] = source_of(cell)
    return written(notebook)


@honest
def format_3(notebook: Notebook, cell_id: str) -> bytes:
    """What `jupyter nbconvert --to notebook --nbformat 3` makes of it."""
    cells = []
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cells.append(
                {"cell_type": "code", "collapsed": False, "input": cell["source"], "language": "python",
                 "metadata": cell["metadata"], "outputs": [], "prompt_number": 1}
            )  # fmt: skip
        else:
            cells.append({"cell_type": "markdown", "metadata": {}, "source": cell["source"]})
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells}]}
    return written(old)


@honest
def wrong_format_numbers(notebook: Notebook, cell_id: str) -> bytes:
    notebook["nbformat"], notebook["nbformat_minor"] = "four", None
    return written(notebook)


@honest
def windows_line_ends(notebook: Notebook, cell_id: str) -> bytes:
    return written(notebook).replace(b"\n", b"\r\n")


@honest
def byte_order_mark(notebook: Notebook, cell_id: str) -> bytes:
    return b"\xef\xbb\xbf" + written(notebook)


@honest
def utf_16(notebook: Notebook, cell_id: str) -> bytes:
    return written(notebook).decode().encode("utf-16")


@honest
def utf_16_without_a_mark(notebook: Notebook, cell_id: str) -> bytes:
    return written(notebook).decode().encode("utf-16-le")


@honest
def written_twice_over(notebook: Notebook, cell_id: str) -> bytes:
    """A shorter file over a longer one: the rest of the old one stands behind."""
    data = written(notebook)
    return data + data[-500:]


@honest
def zeros_behind(notebook: Notebook, cell_id: str) -> bytes:
    """A disk that lost power."""
    return written(notebook) + bytes(4096)


@honest
def last_braces_missing(notebook: Notebook, cell_id: str) -> bytes:
    """A save that broke off behind the last cell."""
    notebook = {"cells": notebook["cells"], "metadata": {}}
    return json.dumps(notebook, indent=1).rpartition('"metadata"')[0].encode()


@honest
def conflict_around_another_cell(notebook: Notebook, cell_id: str) -> bytes:
    """git could not decide about a Markdown cell."""
    text = written(notebook).decode()
    other = next(c for c in notebook["cells"] if c["cell_type"] == "markdown")
    line = json.dumps(other["source"][0], ensure_ascii=False)
    before, _, behind = text.partition(line)
    start, end = before.rpartition("\n")[0] + "\n", behind.partition("\n")
    return (
        f'{start}<<<<<<< HEAD\n    {line}{end[0]}\n=======\n    "# Another title\\n"{"," if end[0] == "," else ""}\n'
        f">>>>>>> 1234abc (tidy up)\n{end[2]}"
    ).encode()


@honest
def a_comma_lost(notebook: Notebook, cell_id: str) -> bytes:
    """Somebody edited a Markdown cell in the JSON and lost a bracket: only that cell cannot be read."""
    text = written(notebook).decode()
    at = text.index('"cell_type": "markdown"')
    return (text[:at] + '"cell_type" "markdown"' + text[at + len('"cell_type": "markdown"') :]).encode()


@honest
def a_bracket_lost(notebook: Notebook, cell_id: str) -> bytes:
    """The closing brace of a Markdown cell is gone, so everything behind it is inside it."""
    text = written(notebook).decode()
    at = text.index('"cell_type": "markdown"')
    end = text.index("\n  },\n", at)
    return (text[:end] + "\n" + text[end + len("\n  },\n") :]).encode()


# --- what is gone is gone


@lossy
def deleted(notebook: Notebook, cell_id: str) -> bytes:
    """The named answer is gone, and nothing else."""
    del notebook["cells"][where(notebook, cell_id)]
    return written(notebook)


@lossy
def cut_off_behind(notebook: Notebook, cell_id: str) -> bytes:
    """A save that broke off in the middle of the cell behind the answer; answers further down are gone."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
    check = text.index(f'"id": "{cell_id}-check"')
    return text[:check].encode()


def damaged(damage: Damage, notebook: Notebook, starters: dict[str, str], cell_id: str) -> bytes:
    """Apply one to a copy. `starters` holds the released text of every answer cell, by id."""
    copy = clone(notebook)
    copy["starters"] = starters
    return damage(copy, cell_id)
