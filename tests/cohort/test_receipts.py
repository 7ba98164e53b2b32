"""Receipts of a cohort, made again by `course verify`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from grader.cli.verify import verify
from grader.cohort.grading import grade, local
from grader.cohort.receipts import write_receipts
from grader.marking.receipts import make_key
from tests.cohort.kit import PAGE_VIEWS, WEEK, room, say, solutions, status, submit, submit_six


@pytest.fixture(autouse=True)
def no_key_of_this_persons(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("COURSE_KEY", raising=False)
    monkeypatch.delenv("COURSE_KEY_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "nobody"))


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
    assert verify(folder, course / "submitted") == 0
    assert f"{len(written)} of {len(written)} receipts agree" in capsys.readouterr().out
    # Half the points for somebody else's whole ones.
    text = (folder / WEEK / "half.receipt.json").read_text()
    (folder / WEEK / "half.receipt.json").write_text(text.replace('"learner": "half"', '"learner": "right"'))
    assert verify(folder / WEEK / "half.receipt.json") == 1
    assert "changed after it was signed" in capsys.readouterr().out


def test_marks_of_what_was_handed_in_anew_get_no_receipt(course: Path) -> None:
    submit(course, "ada", {PAGE_VIEWS: solutions()[PAGE_VIEWS]})
    here = room(course)
    grade(here, [WEEK], local(here, [WEEK], 1))
    shutil.rmtree(course / "submitted" / "ada")
    submit(course, "ada", {})
    written, stale = write_receipts(here, [WEEK], course / "receipts")
    assert (written, stale) == ([], ["week1 of ada was handed in anew after it was marked: grade it again."])


def test_marks_that_came_from_another_key_get_no_receipt_that_would_be_refused(course: Path) -> None:
    submit(course, "ada", {})
    here = room(course)
    grade(here, [WEEK], local(here, [WEEK], 1))
    (here.own / "course.key").unlink()
    written, stale = write_receipts(here, [WEEK], course / "receipts")
    assert written == []
    assert "was marked with another course key" in stale[0] and "--force" in stale[0]
    grade(here, [WEEK], local(here, [WEEK], 1), force=True)
    assert len(write_receipts(here, [WEEK], course / "receipts")[0]) == 1


def test_the_key_of_a_cohort_is_found_around_the_receipt_and_around_the_working_folder(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, "ada", {})
    here = room(course)
    grade(here, [WEEK], say(status("solved")))
    (made,), _ = write_receipts(here, [WEEK], course / "receipts")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copy = shutil.copy(made, elsewhere / "ada.receipt.json")
    for working, receipt in ((elsewhere, made), (course / "receipts", copy)):
        monkeypatch.chdir(working)
        assert verify(receipt) == 2
        told = " ".join(capsys.readouterr().out.split())
        assert f"The course key is {course / '.course' / 'course.key'}." in told
        assert "Its signature is right. To mark it again its submission is needed" in told
    monkeypatch.chdir(elsewhere)
    assert verify(copy) == 2
    told = capsys.readouterr().out
    assert "no course key to check that with" in told
    assert "Say which: --key FILE." in told


def test_what_was_handed_in_brings_no_key_of_its_own(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    submit(course, "eve", {})
    here = room(course)
    grade(here, [WEEK], say(status("solved")))
    (made,), _ = write_receipts(here, [WEEK], course / "receipts")
    forged = course / "submitted" / "eve" / WEEK
    make_key(forged / ".course" / "course.key")
    shutil.copy(course / "nbgrader_config.py", forged)
    monkeypatch.chdir(tmp_path)
    assert verify(Path(shutil.copy(made, forged / "receipt.json"))) == 2
    assert "Its signature is right." in capsys.readouterr().out
    # Not to whoever works in there either, nor where no cohort is around it.
    monkeypatch.chdir(forged)
    assert verify(forged / "receipt.json") == 2
    assert f"The course key is {course / '.course' / 'course.key'}." in " ".join(capsys.readouterr().out.split())
    clone = Path(shutil.copytree(forged, tmp_path / "clone"))
    for working in (clone, tmp_path):
        monkeypatch.chdir(working)
        assert verify(clone / "receipt.json", clone) == 2
        assert "no course key to check that with" in capsys.readouterr().out
