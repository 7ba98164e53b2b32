"""dask: the same scores as at home, a killed worker loses nothing, another version is refused."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from grader.cohort import cluster
from grader.cohort.cluster import mark_on_cluster
from grader.cohort.errors import CohortError
from grader.cohort.grading import grade, local
from grader.cohort.task import Batch, Finished, Task, pack
from grader.marking.submission import Submission
from tests.cohort.kit import LOOP, PAGE_VIEWS, WEEK, dump, half_right, room, solutions, submit


def _pid() -> int:
    return os.getpid()


def test_a_cluster_gives_the_same_scores_and_a_killed_worker_loses_nothing(course: Path, tmp_path: Path) -> None:
    right = solutions()
    submit(course, "ada", right)
    submit(course, "ben", {**right, PAGE_VIEWS: LOOP})
    submit(course, "eve", {PAGE_VIEWS: half_right()})
    at_home = tmp_path / "home"
    shutil.copytree(course, at_home)
    here, other = room(course), room(at_home)
    killed: list[int] = []

    def mark(tasks: Iterable[Task]) -> Generator[Finished]:
        release = {f"{WEEK}/{p.name}": p.read_bytes() for p in here.released(WEEK).glob("*.*")}

        def kill_one(client: Any) -> None:
            pid = next(iter(client.run(_pid).values()))
            killed.append(pid)
            threading.Timer(0.5, os.kill, (pid, signal.SIGKILL)).start()

        batch = Batch(here.key, pack(Submission("release", release)), partial=True)
        yield from mark_on_cluster(tasks, "local", 2, batch, started=kill_one)

    outcome = grade(here, [WEEK], mark, partial=True)
    assert killed
    assert not any(g.errors for g in outcome.graded)
    assert {g.score for g in outcome.graded if g.student == "eve"} == {0.5}
    grade(other, [WEEK], local(other, [WEEK], 1, partial=True), partial=True)
    assert dump(course) == dump(at_home)


def test_a_worker_with_another_version_of_the_course_is_refused_by_name() -> None:
    mine = cluster.this_worker()
    with pytest.raises(CohortError, match=r"tcp://there:1 has course 0\.0\.9 instead of .* same version"):
        cluster._refuse_other("tcp://there:1", {**mine, "course": "0.0.9"})
    cluster._refuse_other("tcp://there:1", mine)


def test_a_worker_refuses_tasks_of_another_version_itself() -> None:
    said = cluster.mark_packed(
        WEEK, "ada", b"", [], Batch(b"key", b"").head(), b"", {"course": "another", "python": "3.11"}
    )
    assert '"refused"' in said


def test_a_scheduler_that_is_not_there_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(CohortError, match=r"No dask scheduler answers at tcp://127\.0\.0\.1:1 .*`dask scheduler`"):
        list(mark_on_cluster([], "tcp://127.0.0.1:1", 1, Batch(b"", b"")))


def test_a_worker_without_a_sandbox_is_told_of_before_anything_is_marked_or_refused_where_one_was_asked_for() -> None:
    class Workers:
        """A cluster of two, one of them without a sandbox."""

        def run(self, function: Any, *words: Any) -> dict[str, Any]:
            assert function is cluster.how_held
            bare = {"missing": "None here."} if words == ("bubblewrap",) else {"trusted": False, "words": "NO SANDBOX"}
            return {"tcp://a:1": {"trusted": True, "words": "held"}, "tcp://b:2": bare}

    warned: list[str] = []
    cluster._look_at_sandboxes(Workers(), Batch(b"k", b""), warned.append)
    assert warned == ["The worker tcp://b:2: NO SANDBOX"]
    with pytest.raises(CohortError, match=r"tcp://b:2 cannot hold submissions as asked: None here\."):
        cluster._look_at_sandboxes(Workers(), Batch(b"k", b"", "bubblewrap"), warned.append)


def test_a_worker_says_how_it_holds_submissions() -> None:
    assert cluster.how_held("none")["trusted"] is False
    assert "There is no sandbox called" in cluster.how_held("moat")["missing"]
