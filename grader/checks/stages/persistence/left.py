"""What a server has left in its folder, taken as a stranger's: read, cut off, spoiled and copied, never followed.

A link would lead to a file of somebody else, a pipe would be waited for without end, and a file may say that it has any
size. Only files and folders of a bounded size are taken, each opened by its own name in a folder that is held open;
anything else breaks the promise at hand, whose probe is red. The probes of this package come here, and those of a full
disk.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from grader.checks.verdict import Broken, show

MOST = 64 << 20
"""Bytes that a file may have, and all that are copied together: what the probes write is a hundredth of it."""

_MOST_FILES = 1000
_DEEPEST = 4
_PASSED_OVER = (".log", ".sock")
_KINDS = ((stat.S_ISLNK, "a symbolic link"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISDIR, "a folder"))
_AS_IT_IS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


def has(folder: Path, name: str) -> bool:
    """Whether there is a file called `name` (``appendonlydir/…`` too)."""
    try:
        with _file(folder, name, os.O_RDONLY):
            return True
    except FileNotFoundError:
        return False


def size(folder: Path, name: str) -> int:
    """The bytes of a file; 0 where it is not there.

    Raises:
        Broken: it is no file.
    """
    try:
        with _file(folder, name, os.O_RDONLY) as file:
            return os.fstat(file).st_size
    except FileNotFoundError:
        return 0


def read(folder: Path, name: str) -> bytes:
    """The bytes of a file.

    Raises:
        Broken: it is not there, is no file, or has more than `MOST` bytes.
    """
    try:
        with _file(folder, name, os.O_RDONLY) as file:
            return _all_of(file, name, MOST)
    except FileNotFoundError:
        raise Broken(f"there is a file {show(name)}", "there is none") from None


def write(folder: Path, name: str, data: bytes) -> None:
    """Replace the bytes of a file that is there.

    Raises:
        Broken: it is not there, or is no file.
    """
    try:
        with _file(folder, name, os.O_WRONLY) as file, os.fdopen(os.dup(file), "wb") as taking:
            taking.truncate(0)
            taking.write(data)
    except FileNotFoundError:
        raise Broken(f"there is a file {show(name)}", "there is none") from None


def increments(folder: Path) -> list[str]:
    """The names of the increments of an append-only file, in their order.

    Raises:
        Broken: there is none.
    """
    names = [f"appendonlydir/{name}" for name in _names(folder, "appendonlydir") if name.endswith(".incr.aof")]
    if not names:
        raise Broken("the append-only file has an increment, appendonlydir/….incr.aof", "there is none")
    return names


def append_only_size(folder: Path) -> int:
    """The bytes of all files of an append-only file together, while they may come and go."""
    return sum(
        size(folder, f"appendonlydir/{name}") for name in _names(folder, "appendonlydir") if name.endswith(".aof")
    )


def copy(folder: Path, target: Path) -> None:
    """Make `target`, a folder with the same files; but for logs and sockets.

    Raises:
        Broken: for what is neither file nor folder, and for too much.
    """
    _copy(folder, target, "", [MOST, _MOST_FILES])


def _copy(folder: Path, target: Path, below: str, room: list[int]) -> None:
    target.mkdir()
    if below.count("/") >= _DEEPEST:
        raise Broken(f"a server leaves folders no deeper than {_DEEPEST}", f"there is {show(below, 60)}")
    for name in _names(folder, below):
        if name.endswith(_PASSED_OVER):
            continue
        if _is_folder(folder, f"{below}{name}"):
            _copy(folder, target / name, f"{below}{name}/", room)
            continue
        room[1] -= 1
        if room[1] < 0:
            raise Broken(f"a server leaves no more than {_MOST_FILES} files", "there are more")
        with _file(folder, f"{below}{name}", os.O_RDONLY) as file:
            data = _all_of(file, f"{below}{name}", room[0])
        room[0] -= len(data)
        (target / name).write_bytes(data)


def _names(folder: Path, below: str) -> list[str]:
    """What is in the folder `below`, in order; nothing where there is none."""
    try:
        with _folder(folder, Path(below).parts) as at:
            return sorted(os.listdir(at))  # noqa: PTH208 - a descriptor
    except FileNotFoundError:
        return []


def _is_folder(folder: Path, name: str) -> bool:
    with _folder(folder, Path(name).parts[:-1]) as at:
        return stat.S_ISDIR(os.stat(Path(name).name, dir_fd=at, follow_symlinks=False).st_mode)


@contextlib.contextmanager
def _folder(folder: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """A descriptor of the folder that `parts` lead to, none of which is a link."""
    with contextlib.ExitStack() as opened:
        at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        opened.callback(os.close, at)
        for part in parts:
            at = _opened(part, os.O_RDONLY | os.O_DIRECTORY, at)
            opened.callback(os.close, at)
        yield at


@contextlib.contextmanager
def _file(folder: Path, name: str, how: int) -> Iterator[int]:
    """A descriptor of the file `name`, which is one."""
    *parts, last = Path(name).parts
    with _folder(folder, tuple(parts)) as at:
        file = _opened(last, how, at)
        try:
            if not stat.S_ISREG(mode := os.fstat(file).st_mode):
                raise _no_file(name, mode)
            yield file
        finally:
            os.close(file)


def _opened(name: str, how: int, at: int) -> int:
    try:
        return os.open(name, how | _AS_IT_IS, dir_fd=at)
    except FileNotFoundError:
        raise
    except PermissionError:
        raise Broken("what a server leaves can be read", f"{show(name, 60)} cannot") from None
    except OSError:
        # It is refused as a link, a pipe without a reader, a socket; or for another reason, which is ours.
        mode = os.stat(name, dir_fd=at, follow_symlinks=False).st_mode
        if stat.S_ISREG(mode) or (how & os.O_DIRECTORY and stat.S_ISDIR(mode)):
            raise
        raise _no_file(name, mode) from None


def _no_file(name: str, mode: int) -> Broken:
    kind = next((words for test, words in _KINDS if test(mode)), "a file" if stat.S_ISREG(mode) else "a device")
    return Broken("a server leaves files and folders where it writes", f"{show(name, 60)} is {kind}")


def _all_of(file: int, name: str, most: int) -> bytes:
    """All bytes of an open file, if they are not more than `most`."""
    # It may grow meanwhile, or say that it has no size at all.
    if os.fstat(file).st_size <= most:
        with os.fdopen(os.dup(file), "rb") as reading:
            data = reading.read(most + 1)
        if len(data) <= most:
            return data
    raise Broken(f"a server leaves no more than {MOST >> 20} MB", f"{show(name, 60)} is larger")
