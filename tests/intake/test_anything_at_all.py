"""Whatever bytes somebody hands in: an answer, soon, and no exception."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake.archives import tarred, zipped
from intake.solved import Solved

from grader.checks import catalog
from grader.marking.intake import Repaired, answers, file_answer, read_archive
from grader.marking.intake.text import decode, sides_of_conflict

NAME = "week1/02-strings-and-counters"
EXERCISES = catalog().of_notebook(NAME)
IDS = [*(e.cell_id for e in EXERCISES), *(f"{e.cell_id}-check" for e in EXERCISES), "setup", "", "x"]
# The longest a processor may be busy with the worst that fits into the limits; these machines are shared and slow.
WORST_SECONDS = 3.0
BEGINNINGS = [b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b""]
CONFLICT = ["<<<<<<< a\n", "=======\n", ">>>>>>> b\n", "|||||||\n", "x\n", "y\n", "z"]
_OFTEN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["def page_view(r, page):\n    return 1", "    return 2", "like = 3", 'check("week1.page-views")', "```"]
    ),
)
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
nbgrader = st.fixed_dictionaries({}, optional={"grade_id": st.sampled_from(IDS) | junk, "points": junk, "locked": junk})
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | junk,
        "id": st.sampled_from(IDS) | junk,
        "source": texts | st.lists(texts, max_size=3) | junk,
        "input": texts,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": nbgrader | junk, "id": junk}) | junk,
        "outputs": junk,
    },
)
notebooks = st.one_of(
    st.fixed_dictionaries(
        {"cells": st.lists(cells | junk, max_size=12)}, optional={"nbformat": junk, "metadata": junk}
    ),
    st.fixed_dictionaries({"worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(cells, max_size=5)}))}),
    junk,
)


def sane(found: Repaired) -> None:
    """What must hold of any answer."""
    slugs = {e.slug for e in EXERCISES if e.file is None}
    assert set(found.sources) | set(found.missing) == slugs
    assert not set(found.sources) & set(found.missing)
    assert found.untouched <= set(found.sources)
    ids = [c.id for c in found.cells]
    assert all(ids.count(e.cell_id) == (e.slug in found.sources) for e in EXERCISES)
    assert set(ids) <= {*IDS} | {i for i in ids if i.startswith("c-")}
    told = [*found.notes, *found.missing.values(), *(s for each in found.repairs.values() for s in each)]
    for sentence in told:
        assert sentence.isprintable()
        assert not set(sentence) & set("<>[]")
        assert len(sentence) < 400
    assert len(told) < 200
    for cell in found.cells:
        cell.source.encode()


@_OFTEN
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    sane(answers(data, None, EXERCISES))
    file_answer(data, None)
    read_archive(data, "ada", catalog())


@_OFTEN
@given(
    st.sampled_from([b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b""]), st.binary(max_size=300), st.data()
)
def test_any_bytes_that_begin_like_an_archive_or_were_changed_in_one(start: bytes, rest: bytes, draw: Any) -> None:
    read_archive(start + rest, "ada", catalog())
    for pack in (zipped, tarred):
        data = bytearray(pack({f"{NAME}.ipynb": b'{"cells": []}', "b": b"x"}))
        for _ in range(draw.draw(st.integers(1, 6))):
            data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
        read_archive(bytes(data), "ada", catalog())


@_OFTEN
@given(notebooks, st.booleans())
def test_anything_shaped_like_a_notebook(notebook: Any, ascii_only: bool) -> None:
    data = json.dumps(notebook, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    sane(answers(data, None, EXERCISES))


@_OFTEN
@given(data=st.data())
def test_a_real_notebook_that_was_cut_and_overwritten_anywhere(data: Any, solved: list[Solved]) -> None:
    each = next(s for s in solved if s.name == f"{NAME}.ipynb")
    held = bytearray(json.dumps(each.notebook, indent=1, sort_keys=True).encode())
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(held) - 1))
        held[at : at + data.draw(st.integers(0, 200))] = data.draw(st.binary(max_size=20))
    sane(answers(bytes(held), each.release, EXERCISES))


@_OFTEN
@given(
    st.lists(st.sampled_from(["<<<<<<< a\n", "=======\n", ">>>>>>> b\n", "|||||||\n", "x\n", "y\n", "z"]), max_size=12)
)
def test_the_sides_of_a_conflict_lose_no_line_that_is_none_of_its_marks(lines: list[str]) -> None:
    text = "".join(lines)
    sides = sides_of_conflict(text)
    if not sides:
        return
    for line in ("x\n", "y\n"):
        assert sum(side.count(line) for side in sides) <= 2 * text.count(line)
    if "|||||||\n" not in lines:
        for line in ("x", "y", "z"):
            assert sum(side.count(line) for side in sides) >= text.count(line)


@_OFTEN
@given(st.text(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_what_has_a_mark_or_is_utf_8_is_read_as_it_was(text: str, encoding: str) -> None:
    data = text.encode(encoding, "ignore")
    expected = data.decode(encoding)
    if (encoding == "utf-8" and "\0" in text) or (encoding == "utf-16" and expected.startswith("\0")):
        return  # UTF-16's mark and a NUL are UTF-32's mark.
    assert decode(data)[0] == expected or (encoding == "utf-8" and expected.startswith("\ufeff"))


def _many(count: int, source: Callable[[int], str], **more: Any) -> bytes:
    return json.dumps(
        {"cells": [{"cell_type": "code", "metadata": {}, "source": source(n), **more} for n in range(count)]}
    ).encode()


STARTER = 'def page_view(r, page):\n    """Count."""\n    raise NotImplementedError\n'
HOSTILE: dict[str, Callable[[], bytes]] = {
    "ten thousand cells that are nearly right": lambda: _many(10_000, lambda n: f"{STARTER}# {n}"),
    "ten thousand copies of one answer": lambda: _many(10_000, lambda n: f"{STARTER}{n}", id="week1-page-views"),
    "ten thousand halves of one answer": lambda: _many(10_000, lambda n: f"    x{n}", id="week1-page-views"),
    "ten thousand rests of nothing": lambda: _many(10_000, lambda n: f"    x{n}"),
    "cells of one long line": lambda: _many(10, lambda n: "a," * 95_000),
    "cells of one long name": lambda: _many(10, lambda n: "a" * 190_000),
    "cells of blanks": lambda: _many(10, lambda n: "x" + " " * 190_000 + "y"),
    "cells of imports": lambda: _many(10, lambda n: "import a\n" * 20_000),
    "cells of words": lambda: _many(10, lambda n: "\n".join(f"w{i}=" for i in range(20_000))),
    "ten million numbers": lambda: b'{"cells": [' + b"1," * 9_900_000 + b"1]}",
    "empty objects": lambda: b'{"cells": [' + b"{}," * 6_000_000 + b"{}]}",
    "one endless number": lambda: b'{"cells": [{"source": ' + b"9" * 19_000_000 + b"}]}",
    "one endless string": lambda: b'{"cells": [{"source": "' + b"\\n" * 9_000_000,
    "strings that never end": lambda: b'{"cells": [{"source": "' + b'\\"' * 9_000_000,
    "keys and blanks": lambda: b'{"cells"' + b" " * 19_000_000,
    "beginnings of cells": lambda: b'{"cells": [' + b'{"cell_type"' * 1_500_000,
    "beginnings of cells with a broken string": lambda: (
        b'{"cells": [' + b'{"cell_type": "code", "source": ["' * 500_000
    ),
    "conflict marks": lambda: b"<<<<<<< a\n=======\n>>>>>>> b\n" * 600_000,
    "half conflict marks": lambda: b"<<<<<<< a\n" * 1_900_000,
    "depth just allowed": lambda: b'{"cells": [' + (b'{"a":' * 60 + b"1" + b"}" * 60 + b",") * 20_000 + b"{}]}",
    "utf-16": lambda: ('{"cells": [' + "[]," * 3_000_000).encode("utf-16"),
    "windows-1252": lambda: b'{"cells": ["' + b"\xe9" * 19_000_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", HOSTILE)
def test_the_worst_that_fits_into_the_limits_is_answered_soon(name: str, solved: list[Solved]) -> None:
    each = next(s for s in solved if s.name == f"{NAME}.ipynb")
    data = HOSTILE[name]()
    assert len(data) <= 20_000_000
    start = time.process_time()
    found = answers(data, each.release, EXERCISES)
    took = time.process_time() - start
    sane(found)
    assert took < WORST_SECONDS, f"{took:.1f} s"


def test_a_key_that_is_escaped_is_the_same_key(solved: list[Solved]) -> None:
    each = next(s for s in solved if s.name == f"{NAME}.ipynb")
    text = json.dumps(each.notebook)
    escaped = text.replace('"cells"', '"\\u0063\\u0065lls"')
    assert answers(escaped.encode(), each.release, EXERCISES).sources == each.solutions
    # Every other reader of JSON takes the last of two keys that are the same, and so sees the solutions.
    twice = escaped.replace("{", '{"cells": [],', 1)
    assert answers(twice.encode(), each.release, EXERCISES).sources == each.solutions


def test_a_package_of_many_bombs_is_unpacked_to_a_limit() -> None:
    data = zipped({f"notebooks/miniredis/m{n}.py": bytes(19_000_000) for n in range(30)})
    start = time.process_time()
    found = read_archive(data, "ada", catalog())
    assert sum(map(len, found.files.values())) < 120_000_000
    assert any("beyond the 100 MB" in n for n in found.notes)
    assert time.process_time() - start < WORST_SECONDS


def test_many_copies_of_every_notebook_are_looked_at_to_a_limit() -> None:
    slow = b'{"cells": [' + b"[]," * 700_000 + b"{}]}"
    files = {f"{n.path} ({k}).ipynb": slow for n in catalog().notebooks for k in range(30)}
    start = time.process_time()
    found = read_archive(zipped(files), "ada", catalog())
    assert any("not all of them were looked at" in n for n in found.notes)
    assert time.process_time() - start < 5 * WORST_SECONDS
