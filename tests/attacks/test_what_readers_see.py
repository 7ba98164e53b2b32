"""What hostile submissions put in front of whoever reads the results: a terminal, a CI log, a summary, XML, JSON."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from available import lacking

from grader.checks import catalog
from grader.marking import github
from grader.marking.marker import Marker
from grader.marking.reports import GradeReport, as_json, as_junit
from grader.marking.submission import Submission
from grader.marking.summary import as_markdown
from tests.attacks.attack import ROOT, TARGET, Attack, collection

SHOWN = [
    a for a in collection().values() if a.family == "presenting" or a.name in ("lying-exception", "giant-exception")
]


@pytest.fixture(scope="module")
def marker() -> Iterator[Marker]:
    with Marker(catalog(), key=b"key", release=ROOT / "notebooks") as made:
        if made.sandbox.name == "none":
            lacking("sandbox", "these attacks are not run without one")
        yield made


@pytest.fixture(scope="module", params=[pytest.param(a, id=a.name) for a in SHOWN])
def report(request: pytest.FixtureRequest, marker: Marker) -> GradeReport:
    attack: Attack = request.param
    marks = marker.mark(Submission(attack.learner, attack.files()), [catalog()[TARGET]])
    assert marks.results[0].status == "wrong"
    return GradeReport(marks)


def hidden(text: str) -> list[str]:
    """Characters that do something, or that nobody sees."""
    return [
        c for c in text if c not in "\n\t" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    ]


def test_annotations_are_one_command_a_line_and_hold_none_of_the_learners(report: GradeReport) -> None:
    lines = github.annotation_commands(report)
    assert lines
    for line in lines:
        assert len(line.splitlines()) == 1
        assert line.startswith(("::error ", "::warning ", "::notice "))
        assert hidden(line) == []


def test_a_summary_shows_what_is_there_and_cannot_be_left(report: GradeReport) -> None:
    text = as_markdown(report, catalog())
    assert hidden(text) == []
    assert len(text.encode()) < 1_000_000
    outside, fence = [], ""
    for line in text.splitlines():
        found = re.match(r" *(`{3,})", line)
        mark = found[1] if found else ""
        # As CommonMark has it: a fence is closed by one that is as long, and by nothing else.
        if fence and len(mark) >= len(fence) and line.strip("` ") == "":
            fence = ""
        elif not fence and mark:
            fence = mark
        elif not fence:
            outside.append(line)
    assert not fence, "every fence is closed"
    told = "\n".join(outside)
    assert "<script" not in told
    assert "<img" not in told
    assert "](javascript:" not in told
    assert not any(line.startswith("# 100 %") for line in outside)


def test_xml_and_json_are_whole(report: GradeReport) -> None:
    top = ElementTree.fromstring(as_junit(report))
    assert {e.tag for e in top.iter()} <= {"testsuites", "testsuite", "testcase", "failure", "error", "skipped",
                                           "properties", "property", "system-out"}  # fmt: skip
    data = json.loads(as_json(report))
    assert data
    assert as_json(report).isascii()
