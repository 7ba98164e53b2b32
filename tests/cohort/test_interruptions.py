"""Nothing is lost: processes killed at any moment, a gradebook that is locked or read-only, a disk that is full."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path

import pytest

from grader.cohort.errors import CohortError, LockedError
from grader.cohort.grading import grade, local
from grader.cohort.incoming import read_submitted
from grader.cohort.jobs import Job
from grader.cohort.kept import MarksFolder, course_version, slugs
from grader.cohort.task import Batch, Finished, Task, pack
from grader.marking.submission import Submission
from tests.cohort.kit import (
    LOOP,
    PAGE_VIEWS,
    ROOT,
    SLUGS,
    WEEK,
    dump,
    pages,
    points,
    room,
    say,
    score,
    solutions,
    status,
    submit,
)

BATCH = Batch(b"0123456789abcdef", pack(Submission("release", {})))
Until = Callable[..., None]


def task_of(course: Path, student: str) -> Task:
    here = room(course)
    return Task(WEEK, student, pack(read_submitted(here, student, WEEK)), slugs(here.assigned(WEEK)))


def started(course: Path) -> subprocess.Popen[str]:
    """`grade` in a process of its own, which says each name as it reaches the gradebook."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.cohort.kit", str(course), course_version()],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def three_learners(course: Path) -> None:
    """A cohort, and the key that decides its hidden checks."""
    for number in range(3):
        submit(course, f"learner-{number}", {PAGE_VIEWS: solutions()[PAGE_VIEWS]} if number == 1 else solutions())
    (course / ".course").mkdir()
    (course / ".course" / "course.key").write_text("0123456789abcdef\n", encoding="ascii")
    (course / ".course" / "course.key").chmod(0o600)


@pytest.fixture(scope="module")
def undisturbed(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three learners, graded in one go."""
    folder = tmp_path_factory.mktemp("undisturbed") / "course"
    shutil.copytree(released, folder)
    three_learners(folder)
    here = room(folder)
    grade(here, [WEEK], local(here, [WEEK], 1))
    return folder


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_run_goes_on_where_it_was_and_ends_like_an_undisturbed_one(
    course: Path, undisturbed: Path, blow: signal.Signals
) -> None:
    three_learners(course)
    with started(course) as process:
        assert process.stdout is not None
        first = process.stdout.readline().strip()
        process.send_signal(blow)
        process.wait(30)
    assert first == "learner-0", "it was killed in the middle, not before and not after"
    here = room(course)
    outcome = grade(here, [WEEK], local(here, [WEEK], 1))
    assert "learner-0" in {g.student for g in outcome.graded if g.kept}, "what was marked is not marked again"
    assert [g.student for g in outcome.graded if not g.kept][-1:] == ["learner-2"]
    assert dump(course) == dump(undisturbed)
    assert pages(course) == pages(undisturbed)


def test_a_submission_whose_process_is_killed_once_is_marked_all_the_same(course: Path, until: Until) -> None:
    submit(course, "ada", {**solutions(), PAGE_VIEWS: LOOP})
    job = Job(BATCH)
    found = []
    thread = threading.Thread(target=lambda: found.append(job.mark(task_of(course, "ada"))))
    thread.start()
    try:
        until(lambda: job.pid, 60)
        assert job.pid is not None
        os.kill(job.pid, signal.SIGKILL)
        thread.join(120)
        (marks,) = found
        wanted = {s: "wrong" if s == PAGE_VIEWS else "solved" for s in SLUGS}
        assert {r.slug: r.status for r in marks.results} == wanted, marks.notes
    finally:
        job.stop()


def test_a_submission_that_always_loses_its_process_is_a_grader_error_and_no_zero(course: Path, until: Until) -> None:
    submit(course, "ada", {PAGE_VIEWS: LOOP})
    job = Job(BATCH)
    found = []
    thread = threading.Thread(target=lambda: found.append(job.mark(task_of(course, "ada"))))
    thread.start()
    try:
        killed: set[int] = set()
        for _ in range(2):
            until(lambda: job.pid is not None and job.pid not in killed, 60)
            assert job.pid is not None
            killed.add(job.pid)
            os.kill(job.pid, signal.SIGKILL)
        thread.join(120)
        (marks,) = found
        by_slug = {r.slug: r for r in marks.results}
        assert by_slug[PAGE_VIEWS].status == "error"
        assert "killed" in by_slug[PAGE_VIEWS].note
        assert len(by_slug) == len(SLUGS)
    finally:
        job.stop()


def test_a_job_that_says_nothing_is_given_up(course: Path) -> None:
    submit(course, "ada", {PAGE_VIEWS: LOOP})
    job = Job(BATCH, silence=0.3)
    try:
        marks = job.mark(task_of(course, "ada"))
        assert {r.status for r in marks.results if r.slug == PAGE_VIEWS} == {"error"}
        assert "said nothing" in " ".join(marks.notes)
    finally:
        job.stop()


def test_a_job_ends_when_the_one_who_started_it_is_gone(course: Path, until: Until) -> None:
    submit(course, "ada", {PAGE_VIEWS: LOOP})
    with started(course) as process:
        children: list[int] = []
        until(lambda: children.extend(_job_of(process.pid)) or children, 60)
        process.kill()
        process.wait(30)
    until(lambda: not _is_running(children[0]), 30)


def _job_of(parent: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in found.splitlines() if "grader.cohort.job" in line]


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_marking_goes_on_while_the_gradebook_is_locked_and_nothing_is_marked_twice(course: Path) -> None:
    _patience(course, 0.1)
    for name in ("ada", "ben"):
        submit(course, name, {})
    asked: list[str] = []
    here = room(course)

    def locked(tasks: Iterable[Task]) -> Generator[Finished]:
        other = sqlite3.connect(course / "gradebook.db")
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield from say(status("solved"), asked)(tasks)
        finally:
            other.close() if len(asked) < 2 else held.append(other)

    held: list[sqlite3.Connection] = []
    with pytest.raises(LockedError, match=r"locked by another program.*is kept"):
        grade(here, [WEEK], locked)
    held[0].close()
    assert asked == ["ada", "ben"]
    assert [k.marks.learner for k in MarksFolder(course / ".course" / "marks").all([WEEK])] == ["ada", "ben"]
    grade(room(course), [WEEK], say(status("wrong"), asked))
    assert asked == ["ada", "ben"]
    assert score(course, "ben") == sum(points(s) for s in SLUGS)


def test_a_gradebook_that_is_free_again_at_the_end_is_filled(course: Path) -> None:
    _patience(course, 0.1)
    submit(course, "ada", {})

    def locked(tasks: Iterable[Task]) -> Generator[Finished]:
        other = sqlite3.connect(course / "gradebook.db")
        other.execute("BEGIN EXCLUSIVE")
        yield from say(status("solved"))(tasks)
        other.close()

    grade(room(course), [WEEK], locked)
    assert score(course, "ada") == sum(points(s) for s in SLUGS)


def test_a_locked_gradebook_is_told_before_anything_is_marked(course: Path) -> None:
    _patience(course, 0.1)
    submit(course, "ada", {})
    other = sqlite3.connect(course / "gradebook.db")
    other.execute("BEGIN IMMEDIATE")
    asked: list[str] = []
    with pytest.raises(CohortError, match=r"gradebook\.db is locked"):
        grade(room(course), [WEEK], say(status("solved"), asked))
    other.close()
    assert asked == []


def test_a_read_only_gradebook_is_told_before_anything_is_marked(course: Path) -> None:
    submit(course, "ada", {})
    _configure(course, f'c.CourseDirectory.db_url = "sqlite:///file:{course}/gradebook.db?mode=ro&uri=true"')
    asked: list[str] = []
    with pytest.raises(CohortError, match="cannot be written"):
        grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == []


def test_a_full_disk_is_told_and_leaves_nothing_half_written(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ada", "ben"):
        submit(course, name, {})
    whole, written = os.fsync, []

    def full(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    asked: list[str] = []
    with pytest.raises(CohortError, match=r"disk that holds .* is full"):
        grade(room(course), [WEEK], say(status("solved"), asked))
    monkeypatch.undo()
    folder = course / ".course" / "marks" / WEEK
    assert [p.name for p in folder.iterdir()] == ["ada.json"]
    grade(room(course), [WEEK], say(status("solved"), asked))
    assert asked == ["ada", "ben", "ben"]
    assert score(course, "ben") == sum(points(s) for s in SLUGS)


def test_two_runs_at_once_do_not_write_over_each_other(course: Path) -> None:
    submit(course, "ada", {})

    def second(tasks: Iterable[Task]) -> Generator[Finished]:
        with pytest.raises(CohortError, match="Another `course cohort grade` is at work"):
            grade(room(course), [WEEK], say(status("wrong")))
        yield from say(status("solved"))(tasks)

    grade(room(course), [WEEK], second)
    assert score(course, "ada") == sum(points(s) for s in SLUGS)


def _patience(course: Path, seconds: float) -> None:
    """How long SQLite waits for a lock: 5 seconds by default."""
    _configure(course, f'c.CourseDirectory.db_url = "sqlite:///gradebook.db?timeout={seconds}"')


def _configure(course: Path, line: str) -> None:
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
