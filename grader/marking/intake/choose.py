"""Which of the things in a submission are taken: those the course has a name for, and nothing else.

A folder, an archive and a repository are told as `Entry` each; here it is decided which are read, from which root, and
what is said about the others. A file that only nearly has its name (``02-strings (1).ipynb``, a mail system's prefix)
stands in where the real one is missing or was not touched.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from grader.checks import Exercise
from grader.marking.intake.limits import (
    COPIES_LOOKED_AT,
    FILE_BYTES,
    MEGABYTE,
    PACKAGE_FILES,
    TOTAL_BYTES,
)
from grader.marking.intake.released import names_of
from grader.marking.intake.repair import answers, file_answer
from grader.marking.intake.sentences import Notes, shown
from grader.marking.submission import Submission

PACKAGE = "miniredis"
# Tools' folders, and those in which the course and nbgrader keep notebooks that are nobody's answers.
SKIPPED = frozenset(
    {
        "__macosx", "__pycache__", "autograded", "build", "env", "feedback", "node_modules", "release",
        "site-packages", "solutions", "submitted", "venv",
    }
)  # fmt: skip
# Modules' names, none longer than a disk takes.
_PACKAGE_FILE = re.compile(r"(?:[A-Za-z_]\w{0,99}/)*[A-Za-z_]\w{0,99}\.py", re.ASCII)
_PACKAGE_START = f"{PACKAGE}/__main__.py"
_ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json", ".json")
_ALL_ENDINGS = (*_ENDINGS, ".py")
_LONGEST_NAME = 200
_COPY_OF_MODULE = re.compile(r"(?:[ _-]|copy|\(?\d+\)?){0,8}\.py")
_ARCHIVES = frozenset({"zip", "tar", "gz", "tgz", "bz2", "xz", "7z", "rar"})
_LIBRARIES = frozenset({"redis", "grader", "pytest", "conftest", "sitecustomize", "usercustomize"})
ReleaseOf = Callable[[str], bytes | None]


class RefusedError(Exception):
    """An entry is not read; the message is a sentence, or its end, that says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A thing in a submission: `path` is where, with ``/``; `size` what it says it has, in bytes.

    `read` gives its bytes or raises `RefusedError`; `refused` says why it is not opened at all (``is a link``).
    """

    path: str
    size: int = 0
    read: Callable[[], bytes] | None = None
    refused: str = ""


def is_skipped(folder: str) -> bool:
    """Whether a folder of this name is not looked into."""
    return folder.startswith(".") or folder.casefold() in SKIPPED


def plain(name: str) -> str:
    """`name` as names are compared: composed, without case, without characters nobody sees."""
    if name.isascii() and name.isprintable():
        return name.casefold().strip()
    seen = (c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    return "".join(seen).casefold().strip()


def take(
    entries: Iterable[Entry],
    learner: str,
    exercises: Iterable[Exercise],
    notes: Notes,
    release_of: ReleaseOf = lambda _: None,
) -> Submission:
    """The submission that `entries` hold. Never raises for anything in them.

    Args:
        entries: files, and whatever else lay there.
        learner: the name the work is marked under.
        exercises: the course's, or those that are asked for.
        notes: what was said already; more is added.
        release_of: gives the released bytes of ``week1/02-….ipynb``, or None.
    """
    return _Chooser(list(entries), list(exercises), notes, release_of).submission(learner)


class _Chooser:
    def __init__(self, entries: list[Entry], exercises: list[Exercise], notes: Notes, release_of: ReleaseOf) -> None:
        self._entries = entries
        self._names = names_of(exercises)
        self._notes = notes
        self._release_of = release_of
        self._left = TOTAL_BYTES
        self._copies_left = COPIES_LOOKED_AT
        self._read: dict[str, bytes | None] = {}
        self._taken: set[str] = set()

    def submission(self, learner: str) -> Submission:
        candidates: dict[str, list[tuple[str, Entry]]] = {name: [] for name in self._names}
        for entry in self._entries:
            for name, root in self._matches(entry):
                candidates[name].append((root, entry))
        root = self._root(candidates)
        files: dict[str, bytes] = {}
        for name, found in candidates.items():
            data = self._best(name, found, root)
            if data is not None:
                files[name] = data
        self._add_package(files, root)
        self._tell_of_others(root)
        return Submission(learner, files, self._notes.all())

    def _matches(self, entry: Entry) -> list[tuple[str, str]]:
        """The course's files that `entry` may be, each with the root it would then lie under."""
        folder, _, last = entry.path.rpartition("/")
        if len(last) > _LONGEST_NAME or not (last := plain(last)).endswith(_ALL_ENDINGS):
            return []
        above = plain(folder)
        found = []
        for name in self._names:
            week, _, base = name.rpartition("/")
            if not _may_be(last, plain(base)):
                continue
            if not week:
                found.append((name, folder))
            elif above == week or above.endswith(f"/{week}"):
                found.append((name, folder[: len(folder) - len(week)].rstrip("/")))
            elif not re.search(r"(?:^|/)week\d+$", above):
                found.append((name, f"{folder}/?"))  # not in its week's folder
        return found

    def _root(self, candidates: dict[str, list[tuple[str, Entry]]]) -> str:
        """Where the weeks lie: ``notebooks/`` before all else, then the least deep, then where most files are."""
        counts: dict[str, int] = {}
        for name, found in candidates.items():
            for root in {r for r, e in found if not r.endswith("/?") and e.path.endswith(name.rpartition("/")[2])}:
                counts[root] = counts.get(root, 0) + 1

        def rank(root: str) -> tuple[bool, int, int, str]:
            depth = root.count("/") + 1 if root else 0
            return plain(root.rpartition("/")[2]) != "notebooks" or depth > 2, depth, -counts[root], root

        return min(counts, key=rank, default="")

    def _best(self, name: str, found: list[tuple[str, Entry]], root: str) -> bytes | None:
        """The bytes that are handed in as `name`."""
        base = name.rpartition("/")[2]
        right = f"{root}/{name}".lstrip("/")
        exact = next((e for _, e in found if e.path == right), None)
        copies = sorted(
            (e for _, e in found if e is not exact),
            key=lambda e: (not e.path.startswith(f"{root}/" if root else ""), e.path.count("/"), _natural(e.path)),
        )
        self._taken.update(e.path for _, e in found)
        here = self._bytes(exact) if exact is not None else None
        if here is not None and (not copies or self._begun(name, here)):
            beside = [e for e in copies if e.path.rpartition("/")[0] == right.rpartition("/")[0]]
            if beside:
                self._notes.add(f"{shown(beside[0].path)} was not looked at: {base} is there and counts.")
            return here
        best: tuple[int, int] = (-1, -1)
        chosen: tuple[Entry, bytes] | None = None
        for index, copy in enumerate(copies):
            if self._copies_left <= 0:
                self._notes.add("There are many copies of notebooks; not all of them were looked at.")
                break
            self._copies_left -= 1
            data = self._bytes(copy)
            if data is not None and (rank := (self._begun(name, data), index)) > best:
                best, chosen = rank, (copy, data)
        if chosen is None or (here is not None and best[0] == 0):
            return here
        copy, data = chosen
        why = "was not begun" if here is not None else "could not be taken" if exact is not None else "is missing"
        self._notes.add(f"{shown(name)} {why}; {shown(copy.path)} was taken for it.")
        return data

    def _begun(self, name: str, data: bytes) -> int:
        """How many answers in `data` are not the starter."""
        exercises, release = self._names[name], self._release_of(name)
        if name.endswith(".ipynb"):
            return answers(data, release, exercises).begun
        return int(not file_answer(data, release).untouched)

    def _bytes(self, entry: Entry) -> bytes | None:
        if entry.path not in self._read:
            self._read[entry.path] = None
            try:
                self._read[entry.path] = self._fetch(entry)
            except RefusedError as refused:
                self._notes.add(f"{shown(entry.path)} {refused}, so it was not taken.")
        return self._read[entry.path]

    def _fetch(self, entry: Entry) -> bytes:
        if entry.refused or entry.read is None:
            raise RefusedError(entry.refused or "cannot be read")
        if not entry.path.isprintable():
            raise RefusedError("has characters in its name that are not visible")
        if entry.size > FILE_BYTES:
            raise RefusedError(f"is larger than {FILE_BYTES // MEGABYTE} MB")
        if self._left <= 0:
            raise RefusedError(f"is beyond the {TOTAL_BYTES // MEGABYTE} MB that a submission may have")
        try:
            data = entry.read()
        except (OSError, ValueError, MemoryError) as error:
            raise RefusedError(f"cannot be read ({shown(str(error))})") from None
        self._left -= len(data)  # what is refused has cost as much as what is taken
        if len(data) > FILE_BYTES:
            raise RefusedError(f"is larger than {FILE_BYTES // MEGABYTE} MB")
        return data

    def _add_package(self, files: dict[str, bytes], root: str) -> None:
        """The learner's server: the Python files of ``miniredis/``.

        Where such a folder lies in another, because it was packed twice or the whole course is called so, it is the
        one that can be started.
        """
        found: dict[str, list[tuple[str, Entry]]] = {}
        for entry in self._entries:
            if entry.path.endswith(".py"):
                for at in re.finditer(f"(?=/{PACKAGE}/)", f"/{entry.path}"):
                    above, name = entry.path[: at.start()].rstrip("/"), entry.path[at.start() :]
                    found.setdefault(above, []).append((name, entry))
        if not found:
            return
        known: set[str] = set()
        starts = {r for r, held in found.items() if any(n == _PACKAGE_START and not e.refused for n, e in held)}

        def rank(r: str) -> tuple[bool, bool, bool, int, str]:
            return r not in starts, r != root, r.rpartition("/")[2] != "notebooks", r.count("/"), r

        best = min(found, key=rank)
        if len(starts) > 1:
            taken = shown(f"{best}/{PACKAGE}".lstrip("/"))
            self._notes.add(f"There are {len(starts)} folders {PACKAGE}; {taken} was taken.")
        for number, (name, entry) in enumerate(sorted(found[best], key=lambda pair: pair[0])):
            if number >= PACKAGE_FILES:
                self._notes.add(f"{PACKAGE} has more than {PACKAGE_FILES} files; the others were left out.")
                break
            self._taken.add(entry.path)
            if not _PACKAGE_FILE.fullmatch(name):
                self._notes.add(f"{shown(entry.path)} cannot be a module's name, so it was not taken.")
            elif name.casefold() in known:
                self._notes.add(f"{shown(entry.path)} differs from another file in case alone, so it was not taken.")
            elif (data := self._bytes(entry)) is not None:
                known.add(name.casefold())
                files[name] = data

    def _tell_of_others(self, root: str) -> None:
        """Say what lies near the notebooks, was left there, and might be missed."""
        weeks = {f"{root}/{name.rpartition('/')[0]}".strip("/") for name in self._names}
        near = {"", "notebooks", root, *weeks}
        for entry in self._entries:
            folder, _, last = entry.path.rpartition("/")
            if folder not in near or entry.path in self._taken:
                continue
            stem, _, ending = last.rpartition(".")
            if entry.refused:
                self._notes.add(f"{shown(entry.path)} {entry.refused}, so it was left out.")
            elif ending.lower() in _ARCHIVES:
                self._notes.add(f"{shown(entry.path)} is an archive and was not opened. Hand in what is inside.")
            elif ending == "py" and stem in _LIBRARIES:
                self._notes.add(f"{shown(entry.path)} was left out, so it cannot stand in for a library of that name.")
            elif ending == "py" and folder in weeks - {root}:
                self._notes.add(f"{shown(entry.path)} is no file of the course and was left out: no answer imports it.")


def _natural(path: str) -> tuple[tuple[int, str], ...]:
    """So that ``(10)`` comes behind ``(9)``."""
    pieces = re.findall(r"\d+|\D+", path[-300:])
    return tuple((int(p), "") if p.isdecimal() and p.isascii() else (0, p) for p in pieces)


def _may_be(name: str, base: str) -> bool:
    """Whether a file may be the course's `base`, or a copy that a browser, an editor or a mail made; both `plain`."""
    if name == base:
        return True
    stem, _, ending = base.rpartition(".")
    if (at := name.find(stem)) < 0 or not name.endswith(_ENDINGS if ending == "ipynb" else f".{ending}"):
        return False
    before, behind = name[:at], name[at + len(stem) :]
    if ending == "ipynb":
        return not before[-1:].isalnum() and not behind[:1].isalnum()
    # A test or a draft of a module often has its name in its own: only what copying makes of it.
    return before in ("", "copy of ") and _COPY_OF_MODULE.fullmatch(behind) is not None
