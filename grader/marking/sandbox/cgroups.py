"""Control groups: bounds on a whole family of processes together, in version 1 and version 2 of the kernel's interface.

A `Tree` is made once a grading process, below the group it is in itself; each sandbox has a `Group` in it. A watching
shell removes what is left, should the grader be killed. See cgroups(7).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.marking.sandbox.limits import Limits
from grader.servers.keeper import Watch

_MOUNT = Path("/sys/fs/cgroup")
_NEEDED = ("memory", "pids")
_PERIOD = 100_000  # microseconds, of the processor's quota
_PROCESSORS = 2.0  # how many a sandbox may keep busy
_numbers = itertools.count()

# Kills what is in the groups below the arguments and removes them; a process may need a moment to be gone.
_CLEAR = """
tries=0
while [ $tries -lt 200 ]; do
  left=
  for top in "$@"; do
    [ -d "$top" ] || continue
    left=1
    for group in "$top"/*/ "$top"/; do
      [ -d "$group" ] || continue
      while read -r each; do kill -s KILL "$each" 2>/dev/null; done <"$group/cgroup.procs"
      rmdir "$group" 2>/dev/null
    done
  done
  [ -n "$left" ] || exit 0
  tries=$((tries + 1))
  sleep 0.01
done
"""


class NoGroupsError(OSError):
    """This process cannot make control groups; the message completes "no cgroups: …"."""


class Tree:
    """The folder, or with version 1 the folder of each controller, that holds this process's groups.

    Args:
        mount: where the hierarchies are mounted.
        listing: the text of ``/proc/self/cgroup``.

    Raises:
        NoGroupsError: when groups with a bound on memory and processes cannot be made here.
    """

    def __init__(self, mount: Path = _MOUNT, listing: str | None = None) -> None:
        self.folders: dict[str, Path] = {}
        text = Path("/proc/self/cgroup").read_text() if listing is None else listing
        own = _own_groups(text)
        name = f"redis-course-{os.getpid()}"
        if all((mount / controller / "cgroup.procs").exists() for controller in _NEEDED):
            self.version = 1
            places = {c: mount / c for c in (*_NEEDED, "cpu") if (mount / c / "cgroup.procs").exists()}
        elif (mount / "cgroup.controllers").exists():
            self.version = 2
            places = {"": mount}
        else:
            raise NoGroupsError(f"nothing usable is mounted on {mount}")
        folders = {c: _below(place, own.get(c, "/"), self.version) / name for c, place in places.items()}
        for folder in folders.values():
            if not os.access(folder.parent, os.W_OK):
                raise NoGroupsError(f"{folder.parent} is not this user's to write")
        # It watches before there is anything: a SIGKILL between the two leaves nothing behind.
        self._watch = Watch(_CLEAR, *map(str, folders.values()))
        with contextlib.ExitStack() as undo:
            undo.callback(self._watch.dismiss)
            for controller, folder in folders.items():
                try:
                    folder.mkdir()
                except OSError as error:
                    raise NoGroupsError(f"{folder} cannot be made ({error.strerror})") from None
                undo.callback(_remove, folder)
                self.folders[controller] = folder
            if self.version == 2:
                self._delegate()
            undo.pop_all()

    def _delegate(self) -> None:
        folder = self.folders[""]
        have = set((folder / "cgroup.controllers").read_text().split())
        if lacking := [c for c in _NEEDED if c not in have]:
            raise NoGroupsError(f"{' and '.join(lacking)} are not delegated to {folder.parent}")
        wanted = [c for c in (*_NEEDED, "cpu") if c in have]
        try:
            (folder / "cgroup.subtree_control").write_text(" ".join(f"+{c}" for c in wanted))
        except OSError as error:
            raise NoGroupsError(f"{folder} cannot pass its controllers on ({error.strerror})") from None

    def group(self, limits: Limits) -> Group:
        """A new group with `limits`.

        Raises:
            OSError: when it cannot be made, or its bounds are refused.
        """
        return Group(self, limits)

    def close(self) -> None:
        """Remove the groups, with whatever is in them."""
        self._watch.release()


class Group:
    """One group: put processes in, ask what became of it, empty and remove it."""

    def __init__(self, tree: Tree, limits: Limits) -> None:
        self._version = tree.version
        name = f"s{next(_numbers)}"
        self.folders = {controller: folder / name for controller, folder in tree.folders.items()}
        try:
            for folder in self.folders.values():
                folder.mkdir()
            self._bound(limits)
        except BaseException:
            self.remove()
            raise

    @property
    def places(self) -> list[str]:
        """The folders a process has to be put into."""
        return [str(folder) for folder in self.folders.values()]

    def add(self, pid: int) -> None:
        """Put the process `pid` in: what it forks from now on is in too.

        Raises:
            OSError: when the kernel refuses; the process is then where it was.
        """
        for folder in self.folders.values():
            (folder / "cgroup.procs").write_text(str(pid))

    def members(self) -> list[int]:
        """The processes in it now."""
        found: set[int] = set()
        for folder in self.folders.values():
            with contextlib.suppress(OSError):
                found.update(map(int, (folder / "cgroup.procs").read_text().split()))
        return sorted(found)

    def memory_ran_out(self) -> bool:
        """Whether the kernel has ended a process of it for want of memory."""
        folder = self.folders["" if self._version == 2 else "memory"]
        file = folder / ("memory.events" if self._version == 2 else "memory.oom_control")
        try:
            return bool(_numbers_of(file.read_text()).get("oom_kill", 0))
        except OSError:
            return False

    def remove(self, seconds: float = 5.0) -> bool:
        """End what is in it and remove it; False when something is still there after `seconds`."""
        deadline = time.monotonic() + seconds
        left = list(self.folders.values())
        while True:
            left = [folder for folder in left if not _remove(folder)]
            if not left or time.monotonic() > deadline:
                return not left
            for pid in self.members():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)

    def _bound(self, limits: Limits) -> None:
        quota = int(_PROCESSORS * _PERIOD)
        if self._version == 2:
            folder = self.folders[""]
            _write(folder, {"memory.max": limits.memory, "pids.max": limits.processes})
            # Not every kernel has these, and the others hold without them.
            _try(folder, {"memory.swap.max": 0, "memory.oom.group": 1, "cpu.max": f"{quota} {_PERIOD}"})
            return
        _write(self.folders["memory"], {"memory.limit_in_bytes": limits.memory})
        # Memory and swap together; only where the kernel counts swap.
        _try(self.folders["memory"], {"memory.memsw.limit_in_bytes": limits.memory, "memory.swappiness": 0})
        _write(self.folders["pids"], {"pids.max": limits.processes})
        if "cpu" in self.folders:
            _try(self.folders["cpu"], {"cpu.cfs_period_us": _PERIOD, "cpu.cfs_quota_us": quota, "cpu.shares": 512})


@dataclass(slots=True)
class _Mine:
    pid: int
    tree: Tree | NoGroupsError


_mine: _Mine | None = None


def tree() -> Tree:
    """This process's tree, made when it is first asked for.

    Raises:
        NoGroupsError: when there can be none.
    """
    global _mine
    if _mine is None or _mine.pid != os.getpid():
        try:
            _mine = _Mine(os.getpid(), Tree())
        except NoGroupsError as error:
            _mine = _Mine(os.getpid(), error)
    if isinstance(_mine.tree, NoGroupsError):
        raise _mine.tree
    return _mine.tree


def _own_groups(listing: str) -> dict[str, str]:
    """controller -> the group of this process, "" for version 2; from ``/proc/self/cgroup``."""
    found = {}
    for line in listing.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            found[controller] = path
    return found


def _below(mount: Path, own: str, version: int) -> Path:
    """Where new groups go: below the group this process is in. A group of version 2 that holds processes cannot pass
    controllers on, so there it is the nearest one above that does."""
    inside = mount / own.lstrip("/")
    if not inside.is_dir():
        inside = mount  # a container sees its own group as the mount's top
    if version == 1:
        return inside
    for place in (inside, *inside.parents):
        if not place.is_relative_to(mount):
            break
        with contextlib.suppress(OSError):
            if set(_NEEDED) <= set((place / "cgroup.subtree_control").read_text().split()):
                return place
    return mount


def _write(folder: Path, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        (folder / name).write_text(str(value))


def _try(folder: Path, values: Mapping[str, object]) -> None:
    for name, value in values.items():
        with contextlib.suppress(OSError):
            _write(folder, {name: value})


def _numbers_of(text: str) -> dict[str, int]:
    pairs = (line.split() for line in text.splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _remove(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
