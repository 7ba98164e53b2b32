"""What a server has left is a stranger's: links are not followed, pipes not waited for, sizes not believed."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.checks.stages.persistence import left
from grader.checks.verdict import Broken

SECRET = b"a secret of somebody else"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder of somebody else's, which is as it was afterwards."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_bytes(SECRET)
    (folder / "1.incr.aof").write_bytes(SECRET)
    yield folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"secret": SECRET, "1.incr.aof": SECRET}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the server wrote to."""
    made = tmp_path / "server"
    made.mkdir()
    return made


def _link(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "secret")


def _device(path: Path, outside: Path) -> None:
    path.symlink_to("/dev/zero")


def _pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path, outside: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path has to be short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(path.name)
    finally:
        os.chdir(here)


def _sparse(path: Path, outside: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


Plant = Callable[[Path, Path], None]


@pytest.mark.parametrize("plant", [_link, _device, _pipe, _socket, _sparse])
def test_what_stands_in_the_place_of_a_file_is_red_and_nothing_is_read(
    folder: Path, outside: Path, tmp_path: Path, plant: Plant
) -> None:
    plant(folder / "dump.rdb", outside)
    for reading in (
        lambda: left.read(folder, "dump.rdb"),
        lambda: left.copy(folder, tmp_path / "copy"),
    ):
        with pytest.raises(Broken) as broken:
            reading()
        assert "dump.rdb" in broken.value.happened
    assert not (tmp_path / "copy" / "dump.rdb").exists()


@pytest.mark.parametrize("plant", [_link, _device, _pipe, _socket])
def test_what_is_no_file_is_neither_written_to_nor_measured(folder: Path, outside: Path, plant: Plant) -> None:
    plant(folder / "dump.rdb", outside)
    for way in (left.has, left.size, lambda where, name: left.write(where, name, b"spoiled")):
        with pytest.raises(Broken):
            way(folder, "dump.rdb")


def test_a_link_in_the_place_of_a_folder_leads_nowhere(folder: Path, outside: Path, tmp_path: Path) -> None:
    (folder / "appendonlydir").symlink_to(outside)
    for way in (
        lambda: left.increments(folder),
        lambda: left.append_only_size(folder),
        lambda: left.read(folder, "appendonlydir/1.incr.aof"),
        lambda: left.write(folder, "appendonlydir/1.incr.aof", b""),
        lambda: left.copy(folder, tmp_path / "copy"),
    ):
        with pytest.raises(Broken, match="appendonlydir"):
            way()


def test_many_small_files_and_deep_folders_are_not_copied_without_end(folder: Path, tmp_path: Path) -> None:
    for number in range(1001):
        (folder / str(number)).touch()
    with pytest.raises(Broken, match="1000 files"):
        left.copy(folder, tmp_path / "many")
    deep = folder.parent / "deep"
    (deep / "/".join("abcdefgh")).mkdir(parents=True)
    with pytest.raises(Broken, match="deeper"):
        left.copy(deep, tmp_path / "copy")


def test_two_files_that_are_small_enough_may_be_too_large_together(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        with (folder / name).open("wb") as file:
            file.truncate(left.MOST // 2 + 1)
    with pytest.raises(Broken, match="64 MB"):
        left.copy(folder, tmp_path / "copy")


def test_honest_files_are_copied_read_and_cut_off(folder: Path, tmp_path: Path) -> None:
    (folder / "appendonlydir").mkdir()
    for name, data in {"dump.rdb": b"REDIS", "appendonlydir/1.incr.aof": b"*1", "appendonlydir/m": b"file"}.items():
        (folder / name).write_bytes(data)
    (folder / "server.log").write_text("not for Redis")
    left.copy(folder, tmp_path / "copy")
    found = {p.relative_to(tmp_path / "copy").as_posix(): p.read_bytes() for p in (tmp_path / "copy").rglob("*.*")}
    assert found == {"dump.rdb": b"REDIS", "appendonlydir/1.incr.aof": b"*1"}
    assert (tmp_path / "copy/appendonlydir/m").read_bytes() == b"file"
    assert left.increments(folder) == ["appendonlydir/1.incr.aof"]
    assert left.append_only_size(folder) == 2
    left.write(folder, "appendonlydir/1.incr.aof", b"*")
    assert left.read(folder, "appendonlydir/1.incr.aof") == b"*"
    assert stat.S_ISREG((folder / "appendonlydir/1.incr.aof").stat().st_mode)


def test_what_is_not_there_is_said(folder: Path) -> None:
    assert not left.has(folder, "dump.rdb")
    with pytest.raises(Broken) as broken:
        left.increments(folder)
    assert broken.value.happened == "there is none"
    with pytest.raises(Broken):
        left.read(folder, "dump.rdb")
