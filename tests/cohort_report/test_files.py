"""From a folder of marks to a page, and the summary on a terminal."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

from cohort_report.cohort import HOSTILE, ROOT, make
from cohort_report.small import course, exercise, marks
from rich.console import Console

from grader.checks import catalog
from grader.cohort.report import read_marks, summary, write_report


def test_marks_are_read_from_a_folder_and_what_is_none_is_told(tmp_path: Path) -> None:
    one = marks("ann", [exercise("a", 1)], "x")
    (tmp_path / "week1").mkdir()
    (tmp_path / "week1" / "ann.json").write_text(json.dumps({"format": 1, "marks": one.to_dict()}))
    (tmp_path / "bob.json").write_text(json.dumps(marks("bob", [exercise("a", 1)], "s").to_dict()))
    (tmp_path / "cut.json").write_text('{"learner": "cy')
    (tmp_path / "list.json").write_text("[]")
    found, problems = read_marks(tmp_path)
    assert {m.learner: m for m in found}["ann"] == one
    assert {m.learner for m in found} == {"ann", "bob"}
    assert [p.partition(" ")[0] for p in problems] == ["cut.json", "list.json"]
    page = write_report(tmp_path, tmp_path / "out" / "report.html", catalog=course(exercise("a", 1)), course=ROOT)
    assert "cut.json holds no marks" in page.read_text(encoding="utf-8")
    assert [p.name for p in page.parent.iterdir()] == ["report.html"]


def test_links_to_lessons_lead_to_files_that_are_there(tmp_path: Path) -> None:
    page = write_report(make(catalog(), 12), tmp_path / "report.html", course=ROOT)
    links = set(re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8")))
    assert links
    for link in links:
        assert (page.parent / link).is_file(), link


def test_advisory_marks_are_said_to_be_so(tmp_path: Path) -> None:
    e = exercise("a", 1)
    both = [marks("ann", [e], "s", advisory=True), marks("bob", [e], "s")]
    page = write_report(both, tmp_path / "r.html", catalog=course(e), course=ROOT).read_text(encoding="utf-8")
    assert "1 of 2 learners’ marks are advisory" in page
    page = write_report(both[1:], tmp_path / "r.html", catalog=course(e), course=ROOT).read_text(encoding="utf-8")
    assert "advisory" not in page.partition("<body>")[2].partition("<script")[0]


def test_the_terminal_says_the_same_and_obeys_no_learner() -> None:
    e = exercise("a", 1)
    given = [marks(name, [e], "e" if name is HOSTILE[3] else "t") for name in HOSTILE]
    screen = io.StringIO()
    Console(file=screen, width=300, color_system=None).print(summary(given, course(e)))
    said = screen.getvalue()
    assert "6 learners · 1 exercise" in said
    assert "The grader failed on 1 answer" in said
    for unseen in ("\x1b", "\u202e", "\ud800", HOSTILE[3]):
        assert unseen not in said
    assert "\\u202egnp.exe\\u202c \\x1b[31m" in said, "the hostile name is there, to be read"


def test_markup_in_a_name_is_no_markup() -> None:
    e = exercise("a", 1)
    screen = io.StringIO()
    given = [marks("[bold red]ann[/]", [e], "t"), marks("::error::[link=http://x]bob", [e], "s")]
    Console(file=screen, width=100, color_system=None).print(summary(given, course(e)))
    assert "[bold red]ann[/]" in screen.getvalue()
