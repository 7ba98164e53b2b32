"""Submissions that are dangerous before a notebook is opened: links, pipes, bombs, and repositories with tricks."""

from __future__ import annotations

import gzip
import io
import os
import stat
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.attacks.attack import BESIDE, ELSEWHERE, NOTEBOOK, TARGET, TOKEN, Files, attack

_STOPS = "a marker that hangs, falls over or fills the disk"
_LOST = {TARGET: "lost", BESIDE: "lost", ELSEWHERE: "solved"}
_WRONG = "def page_view(r, page):\n    return None\n"
_NOTHING = {"deserves": (0.0, 0.0), "expect": _LOST, "plain": None, "alone": True}


def _instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    """Something else in place of the notebook."""

    def door(folder: Path) -> None:
        path = folder / NOTEBOOK
        path.unlink()
        make(path)

    return door


attack(
    "notebook-is-a-link", "arriving", "Hands in a link to a neighbour's notebook.", "points for a neighbour's work",
    code=_WRONG, door=_instead(lambda p: p.symlink_to("../../z-honest/" + NOTEBOOK)), **_NOTHING,
)  # fmt: skip


def _linked_folder(folder: Path) -> None:
    (folder / NOTEBOOK).unlink()
    for left in (folder / "week1").iterdir():
        left.unlink()
    (folder / "week1").rmdir()
    (folder / "week1").symlink_to("../z-honest/week1")


attack(
    "folder-is-a-link", "arriving", "Hands in a link to a neighbour's whole folder.", "points for a neighbour's work",
    code=_WRONG, door=_linked_folder, **{**_NOTHING, "expect": _LOST},
)  # fmt: skip
attack(
    "notebook-is-a-pipe", "arriving", "Hands in a named pipe, which never ends to be read.", _STOPS,
    code=_WRONG, door=_instead(os.mkfifo), **_NOTHING,
)  # fmt: skip
attack(
    "notebook-is-a-device", "arriving", "Hands in a link to /dev/zero, which never ends.", _STOPS,
    code=_WRONG, door=_instead(lambda p: p.symlink_to("/dev/zero")), **_NOTHING,
)  # fmt: skip
attack(
    "notebook-is-a-folder", "arriving", "Hands in a folder with the notebook's name.", _STOPS,
    code=_WRONG, door=_instead(lambda p: p.mkdir()), **_NOTHING,
)  # fmt: skip


def _sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(8 << 30)


attack(
    "eight-gigabytes-of-nothing", "arriving", "Hands in a notebook of eight gigabytes that takes no room on the disk.",
    _STOPS, code=_WRONG, door=_instead(_sparse), **{**_NOTHING, "stock": False},
)  # fmt: skip


def _deep(folder: Path) -> None:
    place = folder
    for _ in range(150):
        place = place / "deeper"
    place.mkdir(parents=True)
    (folder / "deeper" / NOTEBOOK.rpartition("/")[2]).write_bytes(b"{}")


attack(
    "folders-without-end", "arriving", "Hands in folders in folders, with files of known names in them.", _STOPS,
    code=_WRONG, door=_deep, **{**_NOTHING, "expect": {BESIDE: "any"}, "stock": False},
)  # fmt: skip


# Archives


def _zip(files: Files, more: Callable[[zipfile.ZipFile], None]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
        more(archive)
    return packed.getvalue()


def _archive(name: str, tries: str, success: str, packed: Callable[[Files], bytes], **more: object) -> None:
    chosen = {**_NOTHING, "expect": {}, "stock": False, **more}
    attack(name, "arriving", tries, success, code=_WRONG, packed=packed, **chosen)


def _without(files: Files) -> Files:
    return {name: data for name, data in files.items() if name != NOTEBOOK}


_archive(
    "zip-that-leaves", "Packs files with paths that lead out of the archive.", "a file written where it should not be",
    lambda files: _zip(files, lambda archive: [
        archive.writestr(name, b"planted")
        for name in (f"../../../../tmp/{TOKEN}", f"/tmp/{TOKEN}", f"..\\..\\{TOKEN}", f"C:\\{TOKEN}", "week1/../../x")
    ] and None),
)  # fmt: skip
_archive(
    "zip-bomb", "Packs a notebook of sixty megabytes of nothing into sixty kilobytes.", _STOPS,
    lambda files: _zip(_without(files), lambda archive: archive.writestr(NOTEBOOK, bytes(60_000_000))),
    expect=_LOST,
)  # fmt: skip


def _overlapping(archive: zipfile.ZipFile) -> None:
    archive.writestr("week1/filler.ipynb", bytes(1_000_000))
    first = archive.infolist()[-1]
    for number in range(5_000):
        again = zipfile.ZipInfo(f"week1/filler-{number}.ipynb")
        for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type", "flag_bits"):
            setattr(again, name, getattr(first, name))
        archive.filelist.append(again)


_archive(
    "zip-that-overlaps", "Packs five thousand files that are all the same bytes.", _STOPS,
    lambda files: _zip(files, _overlapping),
)  # fmt: skip


def _link(archive: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo(NOTEBOOK)
    member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    archive.writestr(member, "/etc/passwd")


_archive(
    "zip-with-a-link", "Packs a link to a file of the grader's machine.", "somebody else's file in the feedback",
    lambda files: _zip(_without(files), _link), expect=_LOST,
)  # fmt: skip
_archive(
    "zip-in-a-zip", "Packs archives in archives.", _STOPS,
    lambda files: _zip(
        _without(files), lambda archive: archive.writestr("week1/02.zip", _zip(files, lambda inner: None))
    ),
    expect=_LOST,
)  # fmt: skip


def _tar(files: Files) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for kind, name, target in (
            (tarfile.SYMTYPE, "week1/away", "/"), (tarfile.LNKTYPE, NOTEBOOK, "/etc/passwd"),
            (tarfile.CHRTYPE, "week1/device", ""), (tarfile.FIFOTYPE, "week1/pipe", ""),
        ):  # fmt: skip
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
        for name, data in {**_without(files), f"week1/away/tmp/{TOKEN}": b"planted", f"../{TOKEN}": b"planted"}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue())


_archive("tar-with-links", "Packs links, pipes and devices, and files behind the links.",
         "a file written or read where it should not be", _tar, expect=_LOST)  # fmt: skip
_archive("torn-archive", "Hands in half an archive.", _STOPS, lambda files: _zip(files, lambda a: None)[:-40],
         expect=dict.fromkeys([TARGET, BESIDE, ELSEWHERE], "lost"))  # fmt: skip


# Repositories


def _git(folder: Path, *words: str) -> None:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "m", "GIT_AUTHOR_EMAIL": "m@m", "GIT_COMMITTER_NAME": "m", "GIT_COMMITTER_EMAIL": "m@m",
    }  # fmt: skip
    subprocess.run(["git", *words], cwd=folder, env=environment, check=True, capture_output=True)


def _trapped(folder: Path) -> None:
    trap = f"touch /tmp/{TOKEN}-git"
    (folder / ".gitattributes").write_text("* filter=trap diff=trap\n", encoding="utf-8")
    (folder / ".gitmodules").write_text(f'[submodule "x"]\n\tpath = x\n\turl = ext::{trap}\n', encoding="utf-8")
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "my work")
    with (folder / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(
            f"[core]\n\tfsmonitor = {trap}\n\tsshCommand = {trap}\n\teditor = {trap}\n\tpager = {trap}\n"
            f"\tgitProxy = {trap}\n\talternateRefsCommand = {trap}\n"
            f'[filter "trap"]\n\tsmudge = {trap}\n\tclean = {trap}\n'
            f'\trequired = true\n[diff "trap"]\n\tcommand = {trap}\n\ttextconv = {trap}\n[gpg]\n\tprogram = {trap}\n'
            f"[alias]\n\tlog = !{trap}\n\tcat-file = !{trap}\n[include]\n\tpath = /etc/passwd\n"
        )
    for name in ("post-checkout", "pre-auto-gc", "reference-transaction", "fsmonitor-watchman"):
        hook = folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{trap}\n", encoding="utf-8")
        hook.chmod(0o755)


attack(
    "repository-with-traps", "arriving",
    "Hands in a repository whose hooks, filters, drivers and monitors run programs when git is started in it.",
    "a program of its own choice that is run",
    code=_WRONG, door=_trapped, **{**_NOTHING, "expect": {}, "stock": False},
)  # fmt: skip


def _borrowing(folder: Path) -> None:
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", ".")
    _git(folder, "commit", "-q", "-m", "my work")
    (folder / ".git" / "objects" / "info" / "alternates").write_text("/etc\n", encoding="utf-8")


attack(
    "repository-that-borrows", "arriving", "Hands in a repository that borrows its objects from other folders.",
    "somebody else's files in its submission",
    code=_WRONG, door=_borrowing,
    **{**_NOTHING, "expect": dict.fromkeys([TARGET, BESIDE, ELSEWHERE], "lost"), "stock": False},
)  # fmt: skip
