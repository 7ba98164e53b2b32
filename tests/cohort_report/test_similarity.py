"""Answers that share what nobody else wrote are found; one natural answer of many is not."""

from __future__ import annotations

import json
import random

import pytest
from cohort_report.cohort import ROOT, answers, make
from cohort_report.small import exercise

from grader.checks import catalog
from grader.cohort.report import report
from grader.cohort.report.answers import answers_of, handed_out
from grader.cohort.report.similarity import LEAST_ANSWERS, compare, tokens
from grader.marking.submission import Submission

ODD = """
def tally(r, names):
    seen = {}
    for name in reversed(names):
        if not name.startswith("x"):
            seen[name] = r.hincrby("t", name[3:], len(name) * 7) or seen.get(name)
        while len(seen) > 40 and name not in seen:
            seen.popitem()
    return sorted(seen.items(), key=lambda pair: (pair[1], -len(pair[0])))[:12]
"""


def own(seed: int) -> str:
    """An answer nobody else would write."""
    chance = random.Random(seed)
    pool = ["r.get(a)", "b + 1", "sorted(c)", "[d]", "e[1:]", "not f", "g * 3", "len(h)", "i or j", "{k: l}", "m.pop()"]
    signs = ["+", "-", "if r else", "and", "=="]
    lines = [f"    v{i} = {chance.choice(pool)} {chance.choice(signs)} {chance.choice(pool)}\n" for i in range(14)]
    return "def tally(r, names):\n" + "".join(lines)


def pairs(texts: dict[str, str], given: list[str] | None = None) -> list[tuple[str, str]]:
    return [pair.learners for pair in compare({"week1.a": texts}, {"week1.a": given or []}).pairs]


def test_a_copy_with_other_names_and_comments_is_found() -> None:
    renamed = ODD.replace("seen", "found").replace("name", "who").replace("    return", "    # mine\n    return")
    texts = {f"n{i}": own(i) for i in range(10)} | {"ann": ODD, "bob": renamed}
    assert pairs(texts) == [("ann", "bob")]


def test_an_answer_that_many_wrote_accuses_nobody() -> None:
    assert pairs({f"n{i:02d}": ODD for i in range(20)} | {f"m{i}": own(i) for i in range(10)}) == []


def test_what_was_given_does_not_count() -> None:
    texts = {f"n{i}": own(i) for i in range(10)} | {"ann": ODD + own(98), "bob": ODD + own(99)}
    assert pairs(texts, [ODD]) == []
    only_given = {f"n{i}": own(i) for i in range(10)} | {"ann": ODD, "bob": ODD}
    assert pairs(only_given, [ODD]) == []


def test_short_answers_and_small_groups_are_left_out() -> None:
    short = "def f(r, k):\n    return r.incr(k)\n"
    found = compare({"week1.a": {f"n{i}": own(i) for i in range(9)} | {"ann": short, "bob": short}}, {})
    assert (found.pairs, found.compared, found.left_out) == ((), 9, 2)
    few = {f"n{i}": ODD for i in range(LEAST_ANSWERS - 1)}
    assert compare({"week1.a": few}, {}).compared == 0


def test_the_command_is_the_answer_so_it_stays_a_token() -> None:
    assert tokens("x = r.incr(key)  # mine")[0] == tokens("total = conn.incr(k)")[0]
    assert tokens("x = r.incr(key)")[0] != tokens("x = r.get(key)")[0]


@pytest.mark.parametrize("text", ['"""never closed', "f'{x", "\\", "\x00\ud800", "((((", '"' * 9999, "'''\n" * 3000])
def test_broken_text_has_tokens_too(text: str) -> None:
    words, spans = tokens(text)
    assert len(words) == len(spans)
    assert all(0 <= start < end <= len(text) for start, end in spans)


def test_marks_lie_on_what_both_have() -> None:
    # Ten tokens of bob's own stand in the middle.
    other = ODD.replace("    while", "    zz = [q.w(1), 2 ** 5]\n        while")
    texts = {f"n{i}": own(i) for i in range(10)} | {"ann": ODD, "bob": other}
    (pair,) = compare({"week1.a": texts}, {}).pairs
    (match,) = pair.matches
    bobs = "".join(match.texts[1][a:b] for a, b in match.marks[1])
    assert "r.hincrby" in bobs
    assert "zz = [q.w(1), 2 ** 5]" not in bobs


def test_the_planted_pairs_of_a_class_come_first() -> None:
    given = make(catalog(), 24)
    page = report(given, catalog(), answers(given, copies=2), release=handed_out(ROOT / "notebooks"))
    first, second = page.split("<details class=pair>")[1:3]
    planted = [{given[0].learner, given[1].learner}, {given[2].learner, given[3].learner}]
    for learners in planted:
        assert any(
            all(f"<bdi>{name}</bdi>" in part.partition("</summary>")[0] for name in learners)
            for part in (first, second)
        )
    assert "Similar is not copied" in page


def test_an_answer_is_what_marking_takes_for_it_and_a_starter_is_none() -> None:
    release = handed_out(ROOT / "notebooks")
    given = make(catalog(), 1)
    (handed,) = answers(given, copies=0).values()
    touched = {r.slug for r in given[0].results if r.status != "todo"}
    assert answers_of(handed, catalog(), release).keys() == touched
    # A cell that was copied by hand has lost its id; it is found all the same.
    name = "week1/02-strings-and-counters.ipynb"
    notebook = json.loads(handed.files[name])
    for cell in notebook["cells"]:
        if cell["id"] == "week1-page-views":
            cell["id"], cell["metadata"] = "0badcafe", {}
    files = {**handed.files, name: json.dumps(notebook).encode()}
    before, after = answers_of(handed, catalog(), release), answers_of(Submission("ann", files), catalog(), release)
    assert "week1.page-views" in after
    assert before == after


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"[" * 100_000, b"\xff\xfe", b'{"cells": 3}', b'{"cells": [{"cell_type": "code"}]}']
)
def test_what_is_no_notebook_has_no_answers(data: bytes) -> None:
    e = exercise("a", 1)
    assert answers_of(Submission("ann", {f"{e.notebook}.ipynb": data}), [e]) == {}
