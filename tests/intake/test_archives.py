"""A submission in an archive: the same files as in a folder, and no trick of archives works."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from intake.archives import (
    bomb,
    files_below,
    lying_about_size,
    overlapping,
    tar_member,
    tarred,
    with_mode,
    zipped,
)

from grader.checks import catalog
from grader.marking.intake import read_archive, read_folder
from grader.marking.submission import Submission

STRINGS = "week1/02-strings-and-counters.ipynb"
RIGHT_TOOL = "week1/01-is-redis-the-right-tool.ipynb"


def read(data: bytes) -> Submission:
    return read_archive(data, "ada", catalog())


PACKED: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": zipped,
    "tar": tarred,
    "tar as GNU has it": lambda files: tarred(files, tarfile.GNU_FORMAT),
    "tar as of old": lambda files: tarred(files, tarfile.USTAR_FORMAT),
    "tar.gz": lambda files: gzip.compress(tarred(files)),
    "tar.bz2": lambda files: bz2.compress(tarred(files)),
    "tar.xz": lambda files: lzma.compress(tarred(files)),
}


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("prefix", ["", "notebooks/", "redis-course-main/notebooks/", "a" * 60 + "/" + "b" * 60 + "/"])
def test_an_archive_holds_what_the_folder_held(kind: str, prefix: str, solved_folder: Path) -> None:
    found = read(PACKED[kind](files_below(solved_folder, prefix)))
    assert dict(found.files) == dict(read_folder(solved_folder, "ada", catalog()).files)
    assert STRINGS in found.files
    assert found.notes == ()


def test_a_zip_from_windows_has_backslashes(solved_folder: Path) -> None:
    files = files_below(solved_folder, "work/")
    # zipfile would turn them round itself.
    data = zipped(files)
    for name in files:
        data = data.replace(name.encode(), name.replace("/", "\\").encode())
    assert dict(read(data).files) == dict(read_folder(solved_folder, "ada", catalog()).files)


@pytest.mark.parametrize("before", ["/", "../", "a/../../", "C:/", "\\"])
@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_path_out_of_the_archive_is_left_out(before: str, pack: Callable[[dict[str, bytes]], bytes]) -> None:
    found = read(pack({before + STRINGS: b"{}", RIGHT_TOOL: b"{}"}))
    assert set(found.files) == {RIGHT_TOOL}
    assert any("points out of the archive" in n for n in found.notes)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_what_a_zip_calls_a_link_or_a_device_is_none_of_its_bytes(kind: int) -> None:
    found = read(with_mode(STRINGS, b"/etc/passwd", kind | 0o777))
    assert not found.files
    assert "is a link or no plain file, so it was not taken" in found.notes[0]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_what_a_tar_calls_a_link_or_a_device_is_refused(kind: bytes) -> None:
    found = read(tar_member(STRINGS, kind, "/etc/passwd"))
    assert not found.files
    assert "is a link or no plain file, so it was not taken" in found.notes[0]


def test_an_archive_in_an_archive_is_not_opened() -> None:
    found = read(zipped({"notebooks.zip": zipped({STRINGS: b"{}"})}))
    assert not found.files
    assert "is an archive and was not opened" in found.notes[0]


def test_a_notebook_of_many_zeros_is_refused_without_unpacking_it() -> None:
    found = read(zipped({STRINGS: bytes(60_000_000), RIGHT_TOOL: b"{}"}))
    assert set(found.files) == {RIGHT_TOOL}
    assert any("is larger than 20 MB" in n for n in found.notes)


@pytest.mark.parametrize("told", [10, 0, 4_000_000_000])
def test_a_zip_that_lies_about_a_size_costs_that_file(told: int) -> None:
    found = read(lying_about_size(STRINGS, b"x" * 30_000_000, told))
    assert not found.files
    assert len(found.notes) == 1


def test_a_zip_that_names_one_piece_twice_is_refused() -> None:
    found = read(overlapping(RIGHT_TOOL, 10_000_000))
    assert not found.files
    assert any("lies over another file" in n for n in found.notes)


def test_a_tar_of_a_gigabyte_of_zeros_is_stopped_early() -> None:
    data = bomb(1 << 30)
    start = time.process_time()
    found = read(data)
    assert not found.files
    assert "has more than 150 MB in it" in found.notes[0]
    assert time.process_time() - start < 10  # unpacking all of it and looking for headers takes much longer


def test_of_two_files_of_one_name_the_last_counts() -> None:
    data = tarred({STRINGS: b"first"})[:1024] + tarred({STRINGS: b"last!"})
    assert read(data).files[STRINGS] == b"last!"


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED.keys())
def test_an_archive_that_breaks_off_is_told_and_gives_what_is_whole(
    pack: Callable[[dict[str, bytes]], bytes], solved_folder: Path
) -> None:
    data = pack(files_below(solved_folder))
    whole = read(data)
    for part in (len(data) // 2, len(data) - 30, 100, 1, 0):
        found = read(data[:part])
        assert found.notes or found.files == whole.files
        assert found.files.items() <= whole.files.items()


def test_a_password_is_told() -> None:
    data = bytearray(zipped({STRINGS: b"{}"}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert any("is encrypted" in n for n in read(bytes(data)).notes)


def test_an_endless_list_of_files_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.marking.intake.archive.ENTRIES", 20)
    files = {f"week1/{n}.txt": b"" for n in range(50)} | {STRINGS: b"{}"}
    assert any("has more than 20 files" in n for n in read(zipped(files)).notes)
    assert any("has more than 20 files" in n for n in read(tarred(files)).notes)
