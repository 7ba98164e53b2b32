"""Put what learners handed in into ``submitted/``: from a folder or archive of downloads, as data.

Nothing is run, no link is followed, nothing lands outside ``submitted/NAME/week1``. When it was handed in is what the
platform says (the time of its file), never what is inside a learner's own archive.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from grader.checks import Exercise
from grader.cohort.classroom import Classroom, with_alembic
from grader.cohort.downloads import ARCHIVES, SINGLE, Name, own_pattern, read_name
from grader.cohort.errors import CohortError, of_disk
from grader.cohort.incoming import read_submitted, released
from grader.cohort.own_servers import is_server
from grader.marking.intake import ReleasedFiles, read_archive, read_folder
from grader.marking.intake.choose import PACKAGE, Entry, take
from grader.marking.intake.limits import ARCHIVE_BYTES, FOLDERS_DEEP
from grader.marking.intake.sentences import Notes, shown
from grader.marking.submission import Submission

_MOST_OUTER = 4_000_000_000
_MOST_MEMBER = 200_000_000
_MOST_ARCHIVES = 12
_LONGEST_NAME = 200  # bytes
# What lies in one submission, and not beside several.
_OF_ONE = re.compile(rf"{PACKAGE}|notebooks|week\d+")
_TIMESTAMP = "%Y-%m-%d %H:%M:%S.%f UTC"


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of one student's downloads: `status` is ``new``, ``same``, ``replaced``, ``kept`` (there already, and
    another) or ``empty``; `notes` are sentences."""

    student: str
    status: str
    timestamp: datetime | None
    files: int
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Collection:
    """What a run did; `passed_over` are sentences about downloads that are nobody's."""

    collected: list[Collected] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Item:
    path: Path
    name: Name
    when: float


def collect(
    room: Classroom,
    week: str,
    source: Path,
    *,
    pattern: str | None = None,
    force: bool = False,
    tell: Callable[[Collected], None] = lambda _: None,
) -> Collection:
    """Fill ``submitted/NAME/WEEK`` from `source`.

    Args:
        room: the course.
        week: the assignment.
        source: a folder or zip of what a platform let you download.
        pattern: a regular expression for file names, with the group ``student_id``.
        force: replace what is there already.
        tell: told of each student.

    Raises:
        CohortError: when `source` cannot be read, or the disk is full.
    """
    own = own_pattern(pattern) if pattern else None
    collection = Collection()
    with _unpacked(source) as folder:
        by_student = _sorted_out(folder, own, collection)
        for student in sorted(by_student):
            done = _take(room, week, student, by_student[student], force)
            collection.collected.append(done)
            tell(done)
    if not collection.collected:
        raise CohortError(
            f"{source} holds nothing that was handed in: name.zip, name/ or name_id_file.zip is expected."
        )
    return collection


@contextlib.contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    """`source` as a folder; the zip that a platform made is laid out in a temporary one, regular files only."""
    if source.is_dir():
        yield source
        return
    if not source.is_file():
        raise CohortError(f"{source} does not exist.")
    if not zipfile.is_zipfile(source):
        raise CohortError(f"{source} is neither a folder nor a zip.")
    with tempfile.TemporaryDirectory(prefix="course-collect-") as temporary:
        top = Path(temporary)
        try:
            with zipfile.ZipFile(source) as archive:
                _lay_out(archive, top)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise CohortError(f"{source} cannot be read as a zip: {error}.") from None
        yield top


def _lay_out(archive: zipfile.ZipFile, top: Path) -> None:
    left = _MOST_OUTER
    for info in archive.infolist():
        parts = [p for p in info.filename.replace("\\", "/").split("/") if p]
        mode = info.external_attr >> 16
        if info.is_dir() or not parts or ".." in parts or (mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode)):
            continue
        path = top.joinpath(*map(_short, parts))
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as member:
            data = member.read(_MOST_MEMBER + 1)
        left -= len(data)
        if len(data) > _MOST_MEMBER or left < 0:
            raise CohortError(f"{info.filename} in it is too large. Unpack the download and name the folder.")
        path.write_bytes(data)
        when = time.mktime((*info.date_time, 0, 0, -1))
        os.utime(path, (when, when))


def _short(name: str) -> str:
    """`name` as a disk takes it: whose it is stands at its beginning, what it is at its end."""
    data = name.encode("utf-8", "replace")
    if len(data) <= _LONGEST_NAME:
        return name
    return data[: _LONGEST_NAME - 50].decode("utf-8", "ignore") + data[-50:].decode("utf-8", "ignore")


def _sorted_out(folder: Path, pattern: re.Pattern[str] | None, collection: Collection) -> dict[str, list[_Item]]:
    """The downloads, student by student. Two numbers behind one name are two people: their number joins the name."""
    items: list[_Item] = []
    for path in sorted(_downloads(folder)):
        name = read_name(path.name, pattern)
        wanted = path.is_dir() or path.name.lower().endswith((*ARCHIVES, *SINGLE))
        if name is None or not wanted or path.is_symlink():
            collection.passed_over.append(f"{path.name} was passed over: it is nobody's submission.")
        else:
            items.append(_Item(path, name, _when(path)))
    ids: dict[str, set[str]] = {}
    for item in items:
        ids.setdefault(item.name.student.casefold(), set()).add(item.name.id)
    found: dict[str, list[_Item]] = {}
    for item in items:
        shared = len(ids[item.name.student.casefold()]) > 1 and item.name.id
        found.setdefault(f"{item.name.student}-{item.name.id}" if shared else item.name.student, []).append(item)
    return found


def _downloads(folder: Path) -> list[Path]:
    """The entries of `folder`; of a folder with nothing but one folder in it, that one's."""
    entries = [p for p in folder.iterdir() if not p.name.startswith((".", "__MACOSX"))]
    only = entries[0] if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink() else None
    if only is not None and not list(only.glob("*.ipynb")):
        inner = [p for p in only.iterdir() if not p.name.startswith(".")]
        if any(_OF_ONE.fullmatch(p.name) for p in inner):
            return entries
        if len(inner) > 1 and any(p.name.lower().endswith(ARCHIVES) or p.is_dir() for p in inner):
            return inner
    return entries


def _when(path: Path) -> float:
    """When the platform says that it was handed in: the newest of its files."""
    if not path.is_dir():
        return path.stat().st_mtime
    levels = [[path]]
    for _ in range(FOLDERS_DEEP + 1):  # no deeper than is read
        levels.append([p for folder in levels[-1] for p in _listed(folder)])
    files = [p.lstat().st_mtime for level in levels for p in level if not p.is_dir()]
    return max(files, default=path.stat().st_mtime)


def _listed(path: Path) -> list[Path]:
    return list(path.iterdir()) if path.is_dir() and not path.is_symlink() else []


def _take(room: Classroom, week: str, student: str, items: list[_Item], force: bool) -> Collected:
    """Lay a student's downloads over one another, oldest first; a whole submission replaces all before it."""
    files: dict[str, bytes] = {}
    notes: list[str] = []
    counting: list[_Item] = []
    items = sorted(items, key=lambda i: (i.name.attempt, i.when, i.path.name))
    for item in items:
        got = _read(room, week, item, student)
        notes += [note for note in got.notes if note not in notes]
        single = not item.path.is_dir() and item.path.name.lower().endswith(SINGLE)
        mine = _of(week, got.files)
        if files and not mine:
            notes.append(f"{shown(item.path.name)} has nothing of {week}: what was handed in before it counts.")
        files = (files if single or not mine else {}) | mine
        counting += [item] if mine else []
    when = max((_stamp(item) for item in counting or items), default=None)
    if not files:
        missing = f"{PACKAGE}/ with its name" if is_server(week) else f"notebook or file of {week}"
        return Collected(student, "empty", when, 0, (*notes, f"No {missing} is in it."))
    target = room.submitted(student, week)
    status = "new"
    if target.exists():
        if read_submitted(room, student, week).digest() == Submission(student, files).digest():
            return Collected(student, "same", when, len(files), tuple(notes))
        if not force:
            sentence = "There is another submission already. --force replaces it."
            return Collected(student, "kept", when, len(files), (*notes, sentence))
        status = "replaced"
    _place(target, {name if is_server(week) else name.partition("/")[2]: d for name, d in files.items()}, when)
    return Collected(student, status, when, len(files), tuple(notes))


def _read(room: Classroom, week: str, item: _Item, student: str) -> Submission:
    exercises = [] if is_server(week) else room.assigned(week)
    release, path = released(room, week), item.path
    if path.is_dir():
        inner = [p for p in path.iterdir() if p.is_file() and not p.is_symlink()]
        archives = sorted((p for p in inner if p.name.lower().endswith(ARCHIVES)), key=lambda p: p.stat().st_mtime)
        if is_server(week):
            loose = bool(_of(week, read_folder(path, student, [], release).files))
        else:
            loose = any(p.name.lower().endswith(SINGLE) for p in inner)
        if not archives or loose:
            return read_folder(path, student, exercises, release)
        # Of several the newest counts that has something of this assignment: others may be of other ones.
        found = [_of_archive(each, student, exercises, release) for each in reversed(archives[-_MOST_ARCHIVES:])]
        return next((each for each in found if _of(week, each.files)), found[0])
    if path.name.lower().endswith(ARCHIVES):
        return _of_archive(path, student, exercises, release)
    data = _bytes(path)
    if data is None:
        return _too_large(path, student)
    return take([Entry(item.name.file, len(data), lambda: data)], student, exercises, Notes(), release)


def _of(week: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Those of `files` that belong to the assignment `week`."""
    top = PACKAGE if is_server(week) else week
    return {name: data for name, data in files.items() if name.startswith(f"{top}/")}


def _of_archive(path: Path, student: str, exercises: list[Exercise], release: ReleasedFiles) -> Submission:
    data = _bytes(path)
    return _too_large(path, student) if data is None else read_archive(data, student, exercises, release)


def _too_large(path: Path, student: str) -> Submission:
    return Submission(student, {}, (f"{path.name} is larger than a submission may be.",))


def _bytes(path: Path) -> bytes | None:
    with path.open("rb") as file:
        data = file.read(ARCHIVE_BYTES + 1)
    return data if len(data) <= ARCHIVE_BYTES else None


def _stamp(item: _Item) -> datetime:
    if item.name.timestamp:
        from nbgrader.utils import parse_utc

        with contextlib.suppress(ValueError, OverflowError):
            parsed: datetime = parse_utc(item.name.timestamp.replace("_", " "))
            return parsed.replace(tzinfo=UTC)
    return datetime.fromtimestamp(item.when, UTC)


def _place(target: Path, files: dict[str, bytes], when: datetime | None) -> None:
    """Put a submission in its place, all at once."""
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        for name, data in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        if when is not None:
            (fresh / "timestamp.txt").write_text(when.strftime(_TIMESTAMP), encoding="ascii")
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        told = of_disk(error, str(target))
        if told is None:
            raise
        raise told from error


def from_exchange(room: Classroom, week: str, *, update: bool = False) -> str:
    """Collect from nbgrader's exchange, with nbgrader's own step; returns what it said.

    Raises:
        CohortError: when no exchange is set up, or nbgrader could not collect.
    """
    import logging

    from nbgrader.apps import NbGraderAPI

    with with_alembic():
        api = NbGraderAPI(room.directory, config=room.config, log_level=logging.INFO)
        done = api.collect(week, update=update)
    told = (done.get("log") or done.get("error") or "").strip()
    if not done["success"]:
        raise CohortError(
            f"nbgrader could not collect from its exchange. Give a folder or zip of downloads instead, or set one up "
            f"(c.Exchange.root in nbgrader_config.py). nbgrader said:\n{told}"
        )
    return str(told)
