"""A submission in a git repository, as it was at a commit: trees and blobs are read, nothing is checked out.

The repository is a stranger's, and git does what a repository's configuration says: hooks, filters, drivers, a monitor,
a helper that fetches what is missing. So git is never started in it. It is started in an empty repository of our own
that borrows the stranger's objects, and asked for objects by their names.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from grader.checks import Exercise
from grader.marking.intake.choose import PACKAGE, Entry, RefusedError, ReleaseOf, is_skipped, take
from grader.marking.intake.limits import ENTRIES, FILE_BYTES, FOLDERS_DEEP, MEGABYTE
from grader.marking.intake.sentences import Notes, shown
from grader.marking.submission import Submission

_SECONDS = 60.0
_TREE_BYTES = 2 * MEGABYTE
_AT_ONCE_BYTES = 40 * MEGABYTE
_NAME = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}")
_REFERENCE_BYTES = 4 * MEGABYTE
_OBJECT_FILES = 200_000
_OFF = (
    "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.commitGraph=false", "core.multiPackIndex=false",
    "protocol.allow=never", "gc.auto=0", "core.useReplaceRefs=false",
)  # fmt: skip


def read_repository(
    path: Path,
    commit: str,
    learner: str,
    exercises: Iterable[Exercise],
    release_of: ReleaseOf = lambda _: None,
) -> Submission:
    """Read what the repository in `path` held at `commit`. Never raises for anything that is in it.

    Args:
        path: a clone (with its ``.git``) or a bare repository.
        commit: a whole hash; or the name of a branch, a tag or ``HEAD``.
        learner: the name the work is marked under.
        exercises: the course's, or those that are asked for.
        release_of: gives the released bytes of ``week1/02-….ipynb`` or None; helps to choose between copies.
    """
    notes = Notes()
    with tempfile.TemporaryDirectory(prefix="course-git-") as temporary:
        entries: list[Entry] = []
        try:
            git_folder = _git_folder(path)
            commit = commit if _NAME.fullmatch(commit) else _resolved(git_folder, commit)
            objects = _Objects(git_folder / "objects", Path(temporary), len(commit) == 64)
            entries = _walked(objects, objects.tree_of(commit), notes)
        except RefusedError as refused:
            notes.add(f"The repository {refused}, so nothing was taken from it.")
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            late = isinstance(error, subprocess.TimeoutExpired)
            why = "git took too long" if late else getattr(error, "strerror", None) or "it is damaged"
            notes.add(f"The repository could not be read ({why}), so nothing was taken from it.")
        return take(entries, learner, exercises, notes, release_of)


def _git_folder(path: Path) -> Path:
    """The folder of the repository; refused where anything of it lies elsewhere."""
    inside = path / ".git"
    folder = inside if os.path.lexists(inside) else path
    if not stat.S_ISDIR(_mode(folder)):
        raise RefusedError("has a .git that leads elsewhere" if folder is inside else "is not there")
    for name in ("objects", "refs"):
        if not stat.S_ISDIR(_mode(folder / name)):
            raise RefusedError("is no repository of git, or lies in several places")
    if os.path.lexists(folder / "commondir"):
        raise RefusedError("is the working tree of another one")
    for name in ("alternates", "http-alternates"):
        if os.path.lexists(folder / "objects" / "info" / name):
            raise RefusedError("borrows objects from another one")
    _look_at_objects(folder / "objects")
    return folder


def _look_at_objects(folder: Path) -> None:
    """Refuse links and pipes among the objects: git would follow them, or wait."""
    count = 0
    for place in os.scandir(folder):
        count += 1
        if place.is_symlink():
            raise RefusedError("has links among its objects")
        for each in os.scandir(place) if place.is_dir() else ():
            count += 1
            if count > _OBJECT_FILES:
                raise RefusedError("has too many loose objects; run git gc in it")
            # A folder further down is one of the indexes that are switched off.
            if not each.is_file(follow_symlinks=False) and not each.is_dir(follow_symlinks=False):
                raise RefusedError("has links or other strange files among its objects")
        if count > _OBJECT_FILES:
            raise RefusedError("has too many loose objects; run git gc in it")


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except OSError:
        return 0


def _resolved(folder: Path, name: str) -> str:
    """The commit that `name` stands for, told from the files of the repository."""
    if not _REFERENCE.fullmatch(name) or ".." in name:
        raise RefusedError(f"has no commit {shown(name)}")
    packed: dict[str, str] = {}
    for line in _reference_text(folder / "packed-refs").splitlines():
        value, _, reference = line.partition(" ")
        packed[reference] = value
    places = (name, f"refs/tags/{name}", f"refs/heads/{name}", f"refs/remotes/origin/{name}")
    for place in places:
        for _ in range(5):
            text = _reference_text(folder / place).strip() or packed.get(place, "")
            if _NAME.fullmatch(text):
                return text
            if not text.startswith("ref: refs/") or ".." in text:
                break
            place = text.removeprefix("ref: ")
    raise RefusedError(f"has no commit {shown(name)}")


def _reference_text(path: Path) -> str:
    """The text of a small regular file, else nothing."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return ""
        return opened.read(_REFERENCE_BYTES).decode("utf-8", "replace")


class _Objects:
    """The objects of a repository, asked for by name.

    Args:
        folder: its ``objects``.
        own: an empty folder, for a repository of our own.
        is_sha256: whether names have 64 digits.
    """

    def __init__(self, folder: Path, own: Path, is_sha256: bool) -> None:
        git = shutil.which("git")
        if git is None:
            raise RefusedError("cannot be read because git is not installed")
        self._hash_bytes = 32 if is_sha256 else 20
        for name in ("objects", "refs"):
            (own / name).mkdir()
        (own / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        extra = "[extensions]\n\tobjectFormat = sha256\n" if is_sha256 else ""
        settings = f"[core]\n\trepositoryFormatVersion = {int(is_sha256)}\n\tbare = true\n{extra}"
        (own / "config").write_text(settings, encoding="ascii")
        self._own = own
        self._ready: dict[str, bytes] = {}
        self._until = time.monotonic() + _SECONDS
        self._command = [git, *(word for each in _OFF for word in ("-c", each)), f"--git-dir={own}"]
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(own),
            "LC_ALL": "C",
            "GIT_OBJECT_DIRECTORY": os.path.abspath(folder),  # noqa: PTH100  (links were refused, not resolved)
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "none",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
        }

    def tree_of(self, commit: str) -> str:
        """The name of the tree of `commit`, or of the commit that a tag of this name points to."""
        for _ in range(5):
            kind, data = self._one(commit, _TREE_BYTES)
            first, _, _ = data.partition(b"\n")
            word, _, name = first.decode("ascii", "replace").partition(" ")
            if not _NAME.fullmatch(name):
                break
            if kind == "commit" and word == "tree":
                return name
            if kind != "tag" or word != "object":
                break
            commit = name
        raise RefusedError(f"has no commit {shown(commit)}")

    def sizes(self, names: list[str]) -> dict[str, tuple[str, int]]:
        """Kind and size of each object that is there."""
        found = {}
        for line in self._run("--batch-check", names).decode("ascii", "replace").splitlines():
            words = line.split(" ")
            if len(words) == 3 and words[2].isdigit():
                found[words[0]] = (words[1], int(words[2]))
        return found

    def trees(self, names: list[str]) -> dict[str, list[tuple[str, str, str]]]:
        """Mode, name and object of each entry, of each tree that is there and not enormous."""
        sizes = self.sizes(names)
        small, room = [], 10 * _TREE_BYTES
        for name in names:
            kind, size = sizes.get(name, ("", 0))
            if kind == "tree" and size <= min(_TREE_BYTES, room):
                small.append(name)
                room -= size
        return {name: list(self._entries(data)) for name, data in self._contents(small, sizes).items()}

    def _contents(self, names: list[str], sizes: dict[str, tuple[str, int]]) -> dict[str, bytes]:
        """The bytes of each, all of which are there, asked for at once."""
        data = self._run("--batch", names) if names else b""
        found = {}
        at = 0
        for name in names:
            at = data.index(b"\n", at) + 1
            found[name] = data[at : at + sizes[name][1]]
            at += sizes[name][1] + 1
        return found

    def fetch(self, names: list[str], sizes: dict[str, tuple[str, int]]) -> None:
        """Have the bytes of these blobs ready: one call of git, where each would be one. Damaged ones come alone."""
        room = _AT_ONCE_BYTES
        wanted = []
        for name in dict.fromkeys(names):
            kind, size = sizes.get(name, ("", 0))
            if kind == "blob" and size <= room:
                wanted.append(name)
                room -= size
        with contextlib.suppress(RefusedError, ValueError):
            self._ready = self._contents(wanted, sizes)

    def _entries(self, tree: bytes) -> Iterable[tuple[str, str, str]]:
        at = 0
        while (zero := tree.find(b"\0", at)) >= 0:
            mode, _, name = tree[at:zero].partition(b" ")
            at = zero + 1 + self._hash_bytes
            yield mode.decode("ascii", "replace"), name.decode("utf-8", "replace"), tree[zero + 1 : at].hex()

    def blob(self, name: str, size: int) -> bytes:
        """The bytes of a blob of `size` bytes."""
        if name in self._ready:
            return self._ready[name]
        if size > FILE_BYTES:
            raise RefusedError(f"is larger than {FILE_BYTES // MEGABYTE} MB")
        try:
            return self._one(name, FILE_BYTES)[1]
        except (OSError, subprocess.SubprocessError, ValueError):
            raise RefusedError("cannot be read from the repository") from None

    def _one(self, name: str, limit: int) -> tuple[str, bytes]:
        kind, size = self.sizes([name]).get(name, ("", limit + 1))
        if size > limit:
            raise RefusedError(f"has no object {shown(name)}" if not kind else "is too large")
        data = self._run("--batch", [name])
        at = data.index(b"\n") + 1
        return kind, data[at : at + size]

    def _run(self, how: str, names: list[str]) -> bytes:
        """What ``git cat-file`` answers. It says no more than was asked for: sizes are asked before contents."""
        done = subprocess.run(
            [*self._command, "cat-file", how],
            input="".join(f"{n}\n" for n in names).encode("ascii"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._own,
            env=self._environment,
            timeout=max(0.1, self._until - time.monotonic()),
            check=False,
        )
        if done.returncode != 0 or not done.stdout:
            raise RefusedError("is damaged")
        return done.stdout


def _walked(objects: _Objects, top: str, notes: Notes) -> list[Entry]:
    """All files that are not too deep, level by level: two calls of git each."""
    files: list[tuple[str, str, str]] = []
    level = [("", top)]
    seen = 0
    for _ in range(FOLDERS_DEEP + 1):
        trees = objects.trees(list(dict.fromkeys(name for _, name in level))) if level else {}
        below: list[tuple[str, str]] = []
        for folder, tree in level:
            for mode, name, thing in trees.get(tree, ()):
                seen += 1
                if seen > ENTRIES:
                    notes.add(f"There are more than {ENTRIES:,} files; what lies deeper was not looked at.")
                    return _as_entries(objects, files)
                if not name or "/" in name or name in (".", ".."):
                    notes.add(f"{shown(folder)} has a file of an impossible name, which was left out.")
                elif mode.lstrip("0") == "40000":
                    if not is_skipped(name):
                        below.append((f"{folder}{name}/", thing))
                else:
                    files.append((f"{folder}{name}", mode, thing))
        level = below
    return _as_entries(objects, files)


def _as_entries(objects: _Objects, files: list[tuple[str, str, str]]) -> list[Entry]:
    wanted = [thing for _, mode, thing in files if mode.startswith("100")]
    sizes = objects.sizes(list(dict.fromkeys(wanted))) if wanted else {}
    likely = [t for path, _, t in files if path.endswith(".ipynb") or f"/{PACKAGE}/" in f"/{path}"]
    objects.fetch(likely, sizes)
    found = []
    for path, mode, thing in files:
        kind, size = sizes.get(thing, ("", 0))
        refused = ""
        if not mode.startswith("100"):
            refused = "is a submodule" if mode == "160000" else "is a link to another place"
        elif kind != "blob":
            refused = "is not in the repository"
        found.append(Entry(path, size, partial(objects.blob, thing, size), refused))
    return found
