"""A submission in a folder: what is taken, what is left where it is, and what is said about it."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from grader.checks import catalog
from grader.marking.intake import ReleasedFiles, read_folder
from grader.marking.intake.limits import FILE_BYTES
from grader.marking.submission import Submission

ROOT = Path(__file__).resolve().parents[2]
STRINGS = "week1/02-strings-and-counters.ipynb"
STEM = "02-strings-and-counters"
WIRE = "week1/04-the-wire.ipynb"
RELEASED = ReleasedFiles(ROOT / "notebooks")


def read(path: Path) -> Submission:
    return read_folder(path, "ada", catalog(), RELEASED)


@pytest.fixture
def checkout(tmp_path: Path, solved_folder: Path) -> Path:
    """A learner's copy of the course: solved notebooks, their server, and much that is nobody's answer."""
    folder = tmp_path / "redis-course"
    shutil.copytree(solved_folder, folder / "notebooks")
    shutil.copytree(ROOT / "notebooks" / "miniredis", folder / "notebooks" / "miniredis", dirs_exist_ok=True)
    (folder / "solutions" / "miniredis").mkdir(parents=True)
    (folder / "solutions" / "miniredis" / "store.py").write_text("# not theirs")
    (folder / "build" / "source" / "week1").mkdir(parents=True)
    shutil.copy(folder / "notebooks" / STRINGS, folder / "build" / "source" / "week1")
    (folder / "README.md").write_text("mine")
    return folder


def test_a_checkout_gives_every_notebook_the_file_beside_them_and_the_server(checkout: Path) -> None:
    found = read(checkout)
    notebooks = {f"{n.path}.ipynb" for n in catalog().notebooks if n.exercises}
    package = {n for n in found.files if n.startswith("miniredis/")}
    assert set(found.files) - package == notebooks | {"week1/tinyclient.py"}
    assert found.files[STRINGS] == (checkout / "notebooks" / STRINGS).read_bytes()
    assert found.files["miniredis/store.py"] == (ROOT / "notebooks/miniredis/store.py").read_bytes()
    assert all(n.endswith(".py") for n in package)
    assert found.learner == "ada"
    assert found.notes == ()


@pytest.mark.parametrize("inner", ["notebooks", "notebooks/week1"])
def test_a_part_of_a_checkout_gives_what_is_in_it_under_the_same_names(checkout: Path, inner: str) -> None:
    whole, part = read(checkout), read(checkout / inner)
    assert STRINGS in part.files
    assert all(part.files[name] == whole.files[name] for name in part.files)
    assert ("week2/05-transactions.ipynb" in part.files) == (inner == "notebooks")


def test_a_weeks_folder_as_nbgrader_collects_it(checkout: Path, tmp_path: Path) -> None:
    place = tmp_path / "submitted" / "ada" / "week1"
    shutil.copytree(checkout / "notebooks" / "week1", place)
    assert set(read(place).files) == {n for n in read(checkout).files if n.startswith("week1/")}


def test_one_notebook_alone_is_that_notebook(checkout: Path) -> None:
    assert set(read(checkout / "notebooks" / STRINGS).files) == {STRINGS}


def test_notebooks_without_their_week_are_found_by_their_names(checkout: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    shutil.copy(checkout / "notebooks" / STRINGS, flat)
    shutil.copy(checkout / "notebooks" / WIRE, flat)
    found = read(flat)
    assert set(found.files) == {STRINGS, WIRE}
    assert any("was taken for it" in note for note in found.notes)


@pytest.mark.parametrize(
    "name",
    [
        f"{STEM} (1).ipynb", f"{STEM}-Copy1.ipynb", f"Copy of {STEM}.ipynb", f"{STEM}.ipynb.txt", f"{STEM}_final.ipynb",
        f"lovelaceada_LATE_1234_567890_{STEM}-2.ipynb", f"{STEM.upper()}.ipynb", f"{STEM} - Kopie.ipynb",
    ],
)  # fmt: skip
@pytest.mark.parametrize("real", ["missing", "untouched", "broken"])
def test_a_copy_stands_in_where_the_notebook_is_missing_or_not_begun(checkout: Path, name: str, real: str) -> None:
    path = checkout / "notebooks" / STRINGS
    solved = path.read_bytes()
    path.unlink()
    path.with_name(name).write_bytes(solved)
    if real != "missing":
        path.write_bytes((ROOT / "notebooks" / STRINGS).read_bytes() if real == "untouched" else b'{"cells": [')
    found = read(checkout)
    assert found.files[STRINGS] == solved
    (note,) = found.notes
    assert "was taken for it" in note


def test_a_copy_does_not_count_where_the_notebook_itself_was_worked_in(checkout: Path) -> None:
    path = checkout / "notebooks" / STRINGS
    path.with_name(f"{STEM} (1).ipynb").write_bytes((checkout / "notebooks" / WIRE).read_bytes())
    found = read(checkout)
    assert found.files[STRINGS] == path.read_bytes()
    assert f"week1/{STEM} (1).ipynb was not looked at" in found.notes[0]


def test_a_file_called_like_a_library_never_gets_in(checkout: Path) -> None:
    for name in ("redis.py", "conftest.py", "my_functions.py"):
        (checkout / "notebooks" / "week1" / name).write_text("raise SystemExit")
    found = read(checkout)
    assert not any(n.endswith(("redis.py", "conftest.py", "functions.py")) and "week1" in n for n in found.files)
    assert any("week1/redis.py was left out, so it cannot stand in" in note for note in found.notes)
    assert any("my_functions.py is no file of the course" in note for note in found.notes)


# --- what is refused


def secret(tmp_path: Path) -> Path:
    path = tmp_path / "neighbour.ipynb"
    path.write_bytes(b'{"cells": [], "secret": 1}')
    return path


def test_a_notebook_that_is_a_link_is_not_followed(checkout: Path, tmp_path: Path) -> None:
    path = checkout / "notebooks" / STRINGS
    path.unlink()
    path.symlink_to(secret(tmp_path))
    found = read(checkout)
    assert STRINGS not in found.files
    assert found.notes == (f"notebooks/{STRINGS} is a link to another place, so it was not taken.",)


@pytest.mark.parametrize("which", ["notebooks", "notebooks/week1"])
def test_a_folder_that_is_a_link_is_not_followed(checkout: Path, which: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(checkout / which, elsewhere)
    (checkout / which).symlink_to(elsewhere)
    found = read(checkout)
    assert STRINGS not in found.files
    assert f"{which} is a link to another place, so it was left out." in found.notes


def test_a_submission_that_is_a_link_to_a_neighbours_is_refused(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "eve").symlink_to(checkout)
    found = read(tmp_path / "eve")
    assert not found.files
    assert found.notes == ("eve could not be read: is a link to another place.",)
    found = read_folder(tmp_path / "eve" / "notebooks", "eve", catalog(), within=tmp_path)
    assert not found.files
    assert "on the way to it" in found.notes[0]
    assert STRINGS in read_folder(checkout / "notebooks", "ada", catalog(), within=tmp_path).files


def test_pipes_sockets_and_folders_in_a_notebooks_place_never_block(checkout: Path) -> None:
    week = checkout / "notebooks" / "week1"
    for name in ("01-is-redis-the-right-tool", STEM, "03-keys-and-expiry"):
        (week / f"{name}.ipynb").unlink()
    os.mkfifo(week / "01-is-redis-the-right-tool.ipynb")
    (week / f"{STEM}.ipynb").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(week)
        try:
            listening.bind("03-keys-and-expiry.ipynb")
        finally:
            os.chdir(before)
        found = read(checkout)
    assert {n for n in found.files if n.startswith("week1/") and n.endswith(".ipynb")} == {WIRE}
    assert any("is a named pipe" in n for n in found.notes)
    assert any("is a socket" in n for n in found.notes)


def test_a_file_beyond_the_limit_is_refused_by_its_size(checkout: Path) -> None:
    with (checkout / "notebooks" / STRINGS).open("r+b") as file:
        file.truncate(FILE_BYTES * 1000)
    found = read(checkout)
    assert STRINGS not in found.files
    assert WIRE in found.files
    assert any("is larger than 20 MB" in n for n in found.notes)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_costs_itself_alone(checkout: Path) -> None:
    (checkout / "notebooks" / STRINGS).chmod(0)
    found = read(checkout)
    assert STRINGS not in found.files
    assert WIRE in found.files
    assert any("cannot be read" in n for n in found.notes)


def test_a_hard_link_to_somebody_elses_file_is_refused(checkout: Path, tmp_path: Path) -> None:
    path = secret(tmp_path)
    if os.geteuid() != 0:
        pytest.skip("only root can make a file somebody else's")
    os.chown(path, 12345, 12345)
    (checkout / "notebooks" / STRINGS).unlink()
    (checkout / "notebooks" / STRINGS).hardlink_to(path)
    found = read(checkout)
    assert STRINGS not in found.files
    assert any("is a link to a file of somebody else" in n for n in found.notes)


def test_names_of_strangers_are_harmless_in_notes(checkout: Path) -> None:
    evil = f"{STEM}\x1b[31m<b>[red]`x`\u202e::error::.ipynb"
    (checkout / "notebooks" / STRINGS).rename(checkout / "notebooks" / "week1" / evil)
    (checkout / "notebooks" / "week1" / "<img src=x onerror=alert(1)>.py").write_text("")
    found = read(checkout)
    assert STRINGS not in found.files
    assert any("not visible" in n for n in found.notes)
    for note in found.notes:
        assert note.isprintable()
        assert not set(note) & set("<>[]`\u202e")
        assert "::" not in note


def test_a_folder_of_very_many_files_is_read_to_a_limit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.marking.intake.folder.ENTRIES", 60)
    for number in range(100):
        (checkout / "notebooks" / "week2" / f"0{number}.txt").write_text("")
    found = read(checkout)
    assert any("There are more than 60 files" in n for n in found.notes)


def test_two_names_that_differ_in_case_alone_are_not_mixed_up(checkout: Path) -> None:
    (checkout / "notebooks" / "week1" / f"{STEM.upper()}.ipynb").write_bytes(b"{}")
    assert read(checkout).files[STRINGS] == (checkout / "notebooks" / STRINGS).read_bytes()


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    found = read(tmp_path / "nobody")
    assert not found.files
    assert "nobody could not be read" in found.notes[0]
