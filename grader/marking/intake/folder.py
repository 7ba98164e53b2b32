"""A submission in a folder: a checkout, ``notebooks/``, a week, or what nbgrader collected.

The folder may be a stranger's, and may change while it is read. Nothing is followed: every step down is an open of a
directory that is no link, every file is opened without waiting and looked at again once it is open.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from grader.checks import Exercise
from grader.marking.intake.choose import Entry, RefusedError, ReleaseOf, is_skipped, take
from grader.marking.intake.limits import ENTRIES, FILE_BYTES, FOLDERS_DEEP
from grader.marking.intake.sentences import Notes, shown
from grader.marking.submission import Submission

_KINDS = {
    stat.S_IFLNK: "is a link to another place",
    stat.S_IFIFO: "is a named pipe",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}


def read_folder(
    path: Path,
    learner: str,
    exercises: Iterable[Exercise],
    release_of: ReleaseOf = lambda _: None,
    *,
    within: Path | None = None,
) -> Submission:
    """Read the submission in the folder `path`. Never raises for anything that is in it, never waits.

    Args:
        path: the folder; itself no link. A notebook's own path is taken for that notebook alone.
        learner: the name the work is marked under.
        exercises: the course's, or those that are asked for.
        release_of: gives the released bytes of ``week1/02-….ipynb`` or None; helps to choose between copies.
        within: a folder above `path` that is the instructor's own. Between the two no link is followed.
    """
    notes = Notes()
    entries: list[Entry] = []
    with contextlib.ExitStack() as held:
        try:
            top, only = _open_top(path, within)
        except (OSError, RefusedError) as error:
            why = error.strerror or "it is not there" if isinstance(error, OSError) else str(error)
            notes.add(f"{shown(path.name)} could not be read: {why}.")
        else:
            held.callback(os.close, top)
            # The folder that was named may be a week's, which then is known by this alone.
            name = (path.parent if only else path).name
            walk = _Walk(top, f"{name}/" if re.fullmatch(r"week\d+", name) else "", notes)
            entries = [e for e in walk.entries() if not only or e.path == walk.above + only]
        # The files are read while the folder is still held open.
        return take(entries, learner, exercises, notes, release_of)


_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC"))


def _open_top(path: Path, within: Path | None) -> tuple[int, str]:
    """The submission's folder, opened; and the name of the one file that is meant, if one is."""
    path = Path(os.path.abspath(path))  # noqa: PTH100  (resolve would follow the links that are refused here)
    info = path.lstat()
    only = path.name if stat.S_ISREG(info.st_mode) else ""
    folder = path.parent if only else path
    if not only and not stat.S_ISDIR(info.st_mode):
        raise RefusedError(_KINDS.get(stat.S_IFMT(info.st_mode), "is no folder"))
    if within is None:
        return os.open(folder, _FOLDER if not only else _FOLDER & ~getattr(os, "O_NOFOLLOW", 0)), only
    within = Path(os.path.abspath(within))  # noqa: PTH100
    at = os.open(within, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
    for part in folder.relative_to(within).parts:
        try:
            below = os.open(part, _FOLDER, dir_fd=at)
        except OSError:
            raise RefusedError("a link or something that is no folder is on the way to it") from None
        finally:
            os.close(at)
        at = below
    return at, only


@dataclass(slots=True)
class _Walk:
    """Goes through a folder, near things first, and tells what is there without opening a file."""

    top: int
    above: str
    notes: Notes

    def entries(self) -> list[Entry]:
        found: list[tuple[str, os.stat_result]] = []
        seen = 0
        waiting: deque[tuple[str, int]] = deque([("", 0)])
        while waiting:
            folder, depth = waiting.popleft()
            try:
                at = self._open(folder)
            except OSError:
                self.notes.add(f"{shown(folder)} could not be looked into.")
                continue
            try:
                for name, info in self._listed(at):
                    seen += 1
                    if seen > ENTRIES:
                        self.notes.add(f"There are more than {ENTRIES:,} files; what lies deeper was not looked at.")
                        waiting.clear()
                        break
                    path = f"{folder}/{name}" if folder else name
                    if not stat.S_ISDIR(info.st_mode):
                        found.append((path, info))
                    elif depth < FOLDERS_DEEP and not is_skipped(name):
                        waiting.append((path, depth + 1))
            finally:
                os.close(at)
        links = Counter((i.st_dev, i.st_ino) for _, i in found if i.st_nlink > 1)
        return [self._entry(path, info, links) for path, info in found]

    def _entry(self, path: str, info: os.stat_result, links: Counter[tuple[int, int]]) -> Entry:
        refused = _KINDS.get(stat.S_IFMT(info.st_mode), "")
        owner = os.fstat(self.top).st_uid
        if info.st_nlink > 1 and links[info.st_dev, info.st_ino] < info.st_nlink and info.st_uid != owner:
            # Whoever may read a file can copy it; but a link to a file of somebody else's lends them our eyes.
            refused = refused or "is a link to a file of somebody else"
        return Entry(self.above + path, info.st_size, partial(self._bytes, path, info), refused)

    @staticmethod
    def _listed(at: int) -> Iterator[tuple[str, os.stat_result]]:
        with os.scandir(at) as listing:
            names = [each.name for _, each in zip(range(ENTRIES + 1), listing, strict=False)]
        for name in sorted(names):
            with contextlib.suppress(OSError):
                yield name, os.stat(name, dir_fd=at, follow_symlinks=False)

    def _open(self, folder: str) -> int:
        """`folder` below the top, opened part by part, so that none of them can have become a link."""
        at = os.dup(self.top)
        for part in folder.split("/") if folder else ():
            try:
                below = os.open(part, _FOLDER, dir_fd=at)
            finally:
                os.close(at)
            at = below
        return at

    def _bytes(self, path: str, before: os.stat_result) -> bytes:
        folder, _, name = path.rpartition("/")
        try:
            at = self._open(folder)
            try:
                file = os.open(name, _FILE, dir_fd=at)
            finally:
                os.close(at)
        except OSError as error:
            raise RefusedError(f"cannot be read ({error.strerror})") from None
        try:
            now = os.fstat(file)
            if not stat.S_ISREG(now.st_mode) or (now.st_dev, now.st_ino) != (before.st_dev, before.st_ino):
                raise RefusedError("was exchanged while it was read")
            data = b""
            while len(data) <= FILE_BYTES and (piece := os.read(file, FILE_BYTES + 1 - len(data))):
                data += piece
            if (then := os.fstat(file)).st_size != len(data) <= FILE_BYTES or then.st_mtime_ns != now.st_mtime_ns:
                self.notes.add(f"{shown(path)} changed while it was read.")
            return data
        except OSError as error:
            raise RefusedError(f"cannot be read ({error.strerror})") from None
        finally:
            os.close(file)
