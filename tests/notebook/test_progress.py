"""The progress file: readable, editable, never in the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from grader.notebook.progress import Progress


def test_tries_hints_and_the_day_it_was_solved_are_remembered(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.tried("week1.a", solved=False)
    progress.hinted("week1.a", 2)
    progress.tried("week1.a", solved=True)
    entry = Progress(tmp_path).read()["week1.a"]
    assert (entry.status, entry.tries, entry.hints) == ("solved", 2, 2)
    assert entry.solved is not None


def test_a_solved_exercise_stays_solved(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.tried("week1.a", solved=True)
    assert progress.tried("week1.a", solved=False).status == "solved"


def test_a_person_may_edit_the_file(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.tried("week1.a", solved=True)
    progress.path.write_text("week1.a: {status: tried, hints: many}\nweek1.b: nonsense\n")
    entries = progress.read()
    assert entries["week1.a"].status == "tried"
    assert entries["week1.a"].hints == 0
    assert "week1.b" not in entries


def test_a_broken_file_is_kept_aside_and_said(tmp_path: Path) -> None:
    progress = Progress(tmp_path)
    progress.tried("week1.a", solved=True)
    progress.path.write_text("{ not yaml")
    progress.tried("week1.b", solved=True)
    assert progress.trouble
    assert progress.path.with_suffix(".broken.yml").read_text() == "{ not yaml"
    assert set(progress.read()) == {"week1.b"}


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "- " * 200_000, "day: 2026-99-99\n", f"tries: {'9' * 5000}\n", "a: \0"]
)
def test_a_file_that_no_reader_survives_is_said_too(tmp_path: Path, text: str) -> None:
    progress = Progress(tmp_path)
    progress.path.parent.mkdir()
    progress.path.write_text(text)
    assert progress.read() == {}
    assert "cannot be read" in progress.trouble


def test_a_folder_that_cannot_be_written_does_not_stop_a_check(tmp_path: Path) -> None:
    (tmp_path / ".course").write_text("a file where the folder should be")
    progress = Progress(tmp_path)
    assert progress.tried("week1.a", solved=True).status == "solved"
    assert "not remembered" in progress.trouble


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(5):
            Progress(tmp_path).tried(f"week1.e{number % 4}", solved=False)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert sum(e.tries for e in Progress(tmp_path).read().values()) == 40
