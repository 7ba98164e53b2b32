"""Downloads into submitted/: whose they are, which attempt, when; nothing run, nothing overwritten, nothing outside."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.cohort.classroom import is_student
from grader.cohort.collecting import Collection, collect
from grader.cohort.downloads import Name, as_student, read_name
from grader.cohort.errors import CohortError
from grader.cohort.grading import grade
from tests.cohort.kit import BULK_READ, NOTEBOOK, PAGE_VIEWS, WEEK, room, say, status, work


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


@pytest.fixture
def answer(course: Path, tmp_path: Path) -> Iterator[Path]:
    """A learner's week folder, with ``x = 1`` for an answer."""
    yield work(course, {PAGE_VIEWS: "x = 1"}, tmp_path / "work" / WEEK)


def packed(week: Path, to: Path, prefix: str = f"{WEEK}/", when: float = 1_764_580_000) -> Path:
    """`week` as a zip that was handed in at `when`, in seconds since 1970."""
    with zipfile.ZipFile(to, "w") as archive:
        for path in sorted(week.rglob("*")):
            if path.is_file():
                archive.write(path, prefix + path.relative_to(week).as_posix())
    os.utime(to, (when, when))
    return to


def statuses(collection: Collection) -> dict[str, str]:
    return {c.student: c.status for c in collection.collected}


def text_of(course: Path, student: str, name: str = f"{NOTEBOOK}.ipynb") -> str:
    return (course / "submitted" / student / WEEK / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Ada Lovelace_123_assignsubmission_file_", Name("Ada-Lovelace", "123")),
        ("Ada Lovelace_123_assignsubmission_file_week1.zip", Name("Ada-Lovelace", "123", "week1.zip")),
        ("lovelaceada_77_4242_week1.zip", Name("lovelaceada", "77", "week1.zip")),
        ("lovelaceada_LATE_77_4242_week1-2.zip", Name("lovelaceada", "77", "week1.zip", 2)),
        ("ada_12345_week1.zip", Name("ada", "12345", "week1.zip")),
        ("ada.tar.gz", Name("ada", "", "ada.tar.gz")),
        ("ada", Name("ada")),
        ("Zoë O'Brien.zip", Name("Zoë-O'Brien", "", "Zoë O'Brien.zip")),
    ],
)
def test_names_of_downloads_say_whose_they_are(name: str, said: Name) -> None:
    assert read_name(name) == said


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "../../etc", "a/b", '"x"', "x\x00y", "-rf", "..", "\u202eabc"]
)
def test_a_name_is_made_harmless_or_refused(name: str) -> None:
    made = as_student(name)
    assert made == "" or is_student(made)
    assert not set(made) & set('<>/\\"&\x00\u202e')
    assert not made.startswith((".", "-"))


def test_a_folder_of_zips_becomes_submissions_that_can_be_graded(course: Path, downloads: Path, answer: Path) -> None:
    packed(answer, downloads / "ada_17_week1.zip", when=1_764_583_200.0)
    shutil.copytree(answer, downloads / "ben" / WEEK)
    (downloads / "grades.csv").write_text("x\n")
    done = collect(room(course), WEEK, downloads)
    assert statuses(done) == {"ada": "new", "ben": "new"}
    assert len(done.passed_over) == 1 and "grades.csv" in done.passed_over[0]
    assert "x = 1" in text_of(course, "ada")
    assert text_of(course, "ada", "timestamp.txt").startswith("2025-12-01 10:00:00")
    assert text_of(course, "ada", "timestamp.txt").endswith(" UTC")
    assert [g.student for g in grade(room(course), [WEEK], say(status("solved"))).graded] == ["ada", "ben"]


def test_moodles_zip_of_folders_is_taken_as_it_is(course: Path, downloads: Path, answer: Path) -> None:
    inner = packed(answer, downloads / "inner.zip")
    whole = downloads / "moodle.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(inner, "Ada Lovelace_9_assignsubmission_file_/mine.zip")
        for path in answer.glob("*.ipynb"):
            archive.write(path, f"Ben Bitdiddle_8_assignsubmission_file_/{path.name}")
        evil = zipfile.ZipInfo("Eve_7_assignsubmission_file_/../../../../evil.ipynb")
        archive.writestr(evil, "{}")
        link = zipfile.ZipInfo("Eve_7_assignsubmission_file_/tinyclient.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    done = collect(room(course), WEEK, whole)
    assert statuses(done) == {"Ada-Lovelace": "new", "Ben-Bitdiddle": "new"}
    assert "x = 1" in text_of(course, "Ben-Bitdiddle")
    assert not list(course.parent.rglob("evil.ipynb"))


def test_the_latest_attempt_wins_with_its_time(course: Path, downloads: Path, answer: Path, tmp_path: Path) -> None:
    second = work(course, {PAGE_VIEWS: "x = 2"}, tmp_path / "second" / WEEK)
    packed(answer, downloads / "ada_1_10_week1.zip", when=1_764_583_200)
    packed(second, downloads / "ada_1_11_week1-1.zip", when=1_764_669_600)
    (done,) = collect(room(course), WEEK, downloads).collected
    assert done.timestamp == datetime(2025, 12, 2, 10, tzinfo=UTC)
    assert "x = 2" in text_of(course, "ada")


def test_single_notebooks_lie_over_what_was_handed_in_before(
    course: Path, downloads: Path, answer: Path, tmp_path: Path
) -> None:
    later = work(course, {BULK_READ: "y = 3"}, tmp_path / "later" / WEEK)
    packed(answer, downloads / "ada_1_10_week1.zip", when=1_764_583_200)
    one = Path(shutil.copy(later / f"{NOTEBOOK}.ipynb", downloads / f"ada_1_12_{NOTEBOOK}.ipynb"))
    os.utime(one, (1_764_700_000, 1_764_700_000))
    collect(room(course), WEEK, downloads)
    assert "y = 3" in text_of(course, "ada") and "x = 1" not in text_of(course, "ada")
    assert (course / "submitted" / "ada" / WEEK / "tinyclient.py").is_file()


def test_nothing_is_overwritten_without_force(course: Path, downloads: Path, answer: Path, tmp_path: Path) -> None:
    packed(answer, downloads / "ada.zip")
    collect(room(course), WEEK, downloads)
    assert statuses(collect(room(course), WEEK, downloads)) == {"ada": "same"}
    packed(work(course, {PAGE_VIEWS: "x = 2"}, tmp_path / "other" / WEEK), downloads / "ada.zip")
    assert statuses(collect(room(course), WEEK, downloads)) == {"ada": "kept"}
    assert "x = 1" in text_of(course, "ada")
    assert statuses(collect(room(course), WEEK, downloads, force=True)) == {"ada": "replaced"}
    assert "x = 2" in text_of(course, "ada")


def test_two_people_of_one_name_are_two(course: Path, downloads: Path, answer: Path) -> None:
    for number in (1, 2):
        packed(answer, downloads / f"Jo Smith_{number}_assignsubmission_file_a.zip")
    assert set(statuses(collect(room(course), WEEK, downloads))) == {"Jo-Smith-1", "Jo-Smith-2"}


def test_a_learner_cannot_say_when_it_was_handed_in(course: Path, downloads: Path, answer: Path) -> None:
    (answer / "timestamp.txt").write_text("2001-01-01 00:00:00 UTC")
    packed(answer, downloads / "ada.zip", when=1_764_583_200)
    collect(room(course), WEEK, downloads)
    assert text_of(course, "ada", "timestamp.txt").startswith("2025-12-01 10:00:00")


def test_an_archive_without_the_weeks_work_is_told_and_stops_nobody(
    course: Path, downloads: Path, answer: Path
) -> None:
    (downloads / "ada.zip").write_bytes(b"no zip at all")
    packed(answer, downloads / "ben.zip")
    assert statuses(collect(room(course), WEEK, downloads)) == {"ada": "empty", "ben": "new"}
    assert not (course / "submitted" / "ada").exists()


def test_what_was_handed_in_for_something_else_takes_nothing_away(
    course: Path, downloads: Path, answer: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    (other / "miniredis").mkdir(parents=True)
    (other / "miniredis" / "__main__.py").write_text("x = 1\n")
    (downloads / "Ben_8_assignsubmission_file_").mkdir()
    for week, server in (("ada_1_10_mine.zip", "ada_1_11_server.zip"), ("Ben_8_assignsubmission_file_/mine.zip",) * 2):
        packed(answer, downloads / week, when=1_764_583_200)
        packed(other, downloads / server.replace("mine", "server"), prefix="", when=1_764_669_600)
    done = {c.student: c for c in collect(room(course), WEEK, downloads).collected}
    assert {name: c.status for name, c in done.items()} == {"ada": "new", "Ben": "new"}
    assert "x = 1" in text_of(course, "ada") and "x = 1" in text_of(course, "Ben")
    assert done["ada"].timestamp == datetime(2025, 12, 1, 10, tzinfo=UTC)
    assert done["ada"].notes == ("ada_1_11_server.zip has nothing of week1: what was handed in before it counts.",)


def test_a_name_longer_than_a_disk_takes_stops_nobody(course: Path, downloads: Path, answer: Path) -> None:
    whole = downloads / "moodle.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.write(packed(answer, downloads / "inner.zip"), f"Ada_9_assignsubmission_file_/{'長' * 200}.zip")
    assert statuses(collect(room(course), WEEK, whole)) == {"Ada": "new"}
    assert "x = 1" in text_of(course, "Ada")


def test_a_pattern_of_ones_own_reads_other_names(course: Path, downloads: Path, answer: Path) -> None:
    packed(answer, downloads / "hw1-2025-12-03T08:00:00-ada.zip")
    pattern = r"hw1-(?P<timestamp>[\d:T-]+)-(?P<student_id>\w+)\.zip"
    (done,) = collect(room(course), WEEK, downloads, pattern=pattern).collected
    assert (done.student, done.timestamp) == ("ada", datetime(2025, 12, 3, 8, tzinfo=UTC))
    with pytest.raises(CohortError, match="student_id"):
        collect(room(course), WEEK, downloads, pattern=r"(\w+)")


def test_a_source_that_is_none_is_told(course: Path, tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="does not exist"):
        collect(room(course), WEEK, tmp_path / "nowhere")
    (tmp_path / "x.zip").write_bytes(b"")
    with pytest.raises(CohortError, match="neither a folder nor a zip"):
        collect(room(course), WEEK, tmp_path / "x.zip")
