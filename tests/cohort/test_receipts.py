"""Receipts of a cohort, made again by `course verify`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.cli.verify import verify
from grader.cohort.grading import grade, local
from grader.cohort.receipts import write_receipts
from tests.cohort.kit import PAGE_VIEWS, WEEK, room, solutions, submit, submit_six


def test_all_receipts_of_a_cohort_agree_and_a_changed_one_is_refused(
    course: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course)
    submit_six(course)
    (course / "submitted" / "nothing" / WEEK).mkdir(parents=True)
    here = room(course)
    grade(here, [WEEK], local(here, [WEEK], 2))
    folder = course / "receipts"
    written, stale = write_receipts(here, [WEEK], folder)
    assert {path.name for path in written} == {f"{name}.receipt.json" for name in here.students(WEEK)[0]}
    assert stale == []
    key = course / ".course" / "course.key"
    assert verify(folder, course / "submitted", key=key) == 0
    assert f"{len(written)} of {len(written)} receipts agree" in capsys.readouterr().out
    # Half the points for somebody else's whole ones.
    text = (folder / WEEK / "half.receipt.json").read_text()
    (folder / WEEK / "half.receipt.json").write_text(text.replace('"learner": "half"', '"learner": "right"'))
    assert verify(folder / WEEK / "half.receipt.json", key=key) == 1
    assert "changed after it was signed" in capsys.readouterr().out


def test_marks_of_what_was_handed_in_anew_get_no_receipt(course: Path) -> None:
    submit(course, "ada", {PAGE_VIEWS: solutions()[PAGE_VIEWS]})
    here = room(course)
    grade(here, [WEEK], local(here, [WEEK], 1))
    shutil.rmtree(course / "submitted" / "ada")
    submit(course, "ada", {})
    written, stale = write_receipts(here, [WEEK], course / "receipts")
    assert (written, stale) == ([], ["week1 of ada was handed in anew after it was marked: grade it again."])
