"""Servers in a sandbox of their own: the Redis that a stranger's answer sends commands to.

Whoever may send commands may ask for all memory, write files, run Lua without end, shut it down, or know of a hole in
it. In here it can do that to itself only: no network, its own folder, its own limits, a Unix socket to the grader.
"""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from grader.marking.sandbox import parent
from grader.marking.sandbox.bubblewrap import Bubblewrap, Order, handle_of, parent_of
from grader.marking.sandbox.cgroups import Group, tree
from grader.marking.sandbox.choose import Sandbox
from grader.marking.sandbox.held import wait_readable
from grader.marking.sandbox.interpreter import WITHIN
from grader.marking.sandbox.limits import MB, Limits
from grader.marking.sandbox.users import User
from grader.marking.sandbox.within.door import BOUND
from grader.servers import Binary, LocalServer
from grader.servers.binary import default_binary
from grader.servers.errors import PortBusy
from grader.servers.process import Option

_PATIENCE = 5.0  # seconds that bubblewrap may take to begin
_LONG = 10**7  # seconds
REDIS_LIMITS = Limits(
    cpu=_LONG, wall=_LONG, memory=256 * MB, processes=32, file=64 * MB, scratch=8 * MB, inodes=256, open_files=1024
)
"""What a Redis may use: it lives as long as the grader, and no exercise needs a tenth of this memory."""

SERVER_LIMITS = Limits(
    cpu=600, wall=_LONG, memory=512 * MB, processes=64, file=64 * MB, scratch=64 * MB, open_files=2048
)
"""What a learner's server may use: persistence forks it, and a stage may connect a thousand clients."""

_PROGRAM = "/sandbox/program"
# bubblewrap dies with its parent, a shell that stays: the grader's thread that asked may be gone in a moment.
_STAY = '"$@" & wait $!'


def redis_in_sandbox(
    sandbox: Sandbox,
    binary: Binary | None = None,
    *,
    limits: Limits = REDIS_LIMITS,
    config: Mapping[str, Option] | None = None,
) -> LocalServer:
    """Start a Redis in a sandbox of its own; `close()` it.

    It has a Unix socket that the grader reaches and its network does not, saves nothing unless asked to, answers DEBUG
    and refuses MODULE. When an answer has ended or hung it, `reset()` starts another.

    Args:
        sandbox: only bubblewrap can hold one; with the others it is a plain process of this user.
        binary: which; the best of this machine by default.
        limits: what it may use.
        config: options of redis.conf besides.

    Raises:
        NoRedisFound: there is none.
        StartFailed: it did not start.
    """
    chosen = binary or default_binary()
    options: dict[str, Option] = {"enable-debug-command": "local", **(config or {})}
    if not isinstance(sandbox, Bubblewrap):
        return LocalServer(binary=chosen, config=options)
    enclosure = BubblewrapEnclosure(sandbox, limits, {chosen.path: _PROGRAM})
    try:
        return LocalServer(binary=chosen, config=options, enclosure=enclosure)
    except BaseException:
        enclosure.close()
        raise


def enclosure_for_learners_server(
    sandbox: Sandbox, home: Path, limits: Limits = SERVER_LIMITS
) -> BubblewrapEnclosure | None:
    """What to run the server in `home` in, for `grader.servers.miniredis.MiniServer`: it sees that folder read-only,
    and there is no real Redis to hide behind it. None where there is no bubblewrap.

    Args:
        sandbox: how.
        home: ``notebooks/`` of a submission; all that is in it is seen.
        limits: what it may use.
    """
    if not isinstance(sandbox, Bubblewrap):
        return None
    home = home.resolve()
    return BubblewrapEnclosure(sandbox, limits, share={home: str(home)})


class BubblewrapEnclosure:
    """Runs one server at a time in bubblewrap; satisfies `grader.servers.enclosure.Enclosure`.

    Args:
        sandbox: how.
        limits: what the server may use.
        shown: programs: this machine's path -> place inside; a command that names one runs it there.
        share: further paths it sees, read-only.
        environment: variables for it.
    """

    def __init__(
        self,
        sandbox: Bubblewrap,
        limits: Limits,
        shown: Mapping[Path, str] | None = None,
        share: Mapping[Path, str] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._shown = dict(shown or {})
        self._share = dict(share or {})
        self._environment = dict(environment or {})
        self._user = User() if sandbox.root else None
        self._group: Group | None = None
        self._found: tuple[int, int] | None = None  # what was started, and the server inside
        self._handle: int | None = None
        self._door: subprocess.Popen[bytes] | None = None
        self._folders: list[Path] = []

    def around(self, command: Sequence[str], at: Path, folders: Sequence[Path]) -> list[str]:
        """The words that start `command` in here; `folders` become the server's own."""
        self.end()
        names = {str(path): place for path, place in self._shown.items()}
        self._folders = list(dict.fromkeys(folders))
        writable = {folder: str(folder) for folder in self._folders}
        if self._user is not None:
            for folder in writable:
                _give(folder, self._user.uid)
        order = Order(
            [names.get(command[0], command[0]), *command[1:]],
            self._limits,
            share=self._share,
            writable=writable,
            shown=self._shown,
            pid_1=True,
            environment=self._environment,
            home=str(at),
        )
        self._group = tree().group(self._limits) if self._sandbox.grouped else None
        places = self._group.places if self._group is not None else []
        uid = self._user.uid if self._user is not None else None
        return ["/bin/sh", "-c", _STAY, "sandbox", *self._sandbox.command(order, uid, None, places)]

    def inside(self, started: int) -> int | None:
        """The server's process: the shell's child is bubblewrap, and its child the server."""
        if self._found is None or self._found[0] != started:
            wrapper = _only_child(started)
            found = _only_child(wrapper)
            if wrapper is None or found is None or (handle := handle_of(found, wrapper)) is None:
                return None
            self._let_go()
            self._found, self._handle = (started, found), handle
        return self._found[1]

    def reach(self, started: int, port: int) -> None:
        """Lead 127.0.0.1:`port` here to the server's own.

        Raises:
            PortBusy: when the port is taken here.
        """
        deadline = time.monotonic() + _PATIENCE
        while (inside := self.inside(started)) is None:
            if time.monotonic() > deadline or parent_of(started) is None:
                return  # it did not start; whoever waits for it sees that
            time.sleep(0.001)  # between two looks
        code = f"import sys; sys.path.insert(0, {str(WITHIN.parent)!r}); from within.door import main; main()"
        self._door = parent.start(
            [sys.executable, "-I", "-S", "-B", "-c", code, str(inside), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        assert self._door.stdout is not None
        if self._door.stdout.read(1) != BOUND:
            raise PortBusy(
                f"Port {port} could not be led into the sandbox.",
                f"The server in there needs 127.0.0.1:{port} here.",
                "Stop the program that has it, or choose another port.",
            )

    def another(self) -> BubblewrapEnclosure:
        """A new one like this."""
        return BubblewrapEnclosure(self._sandbox, self._limits, self._shown, self._share, self._environment)

    def end(self) -> None:
        """End what is left of the last server, and wait until all of it is gone."""
        if self._door is not None:
            self._door.kill()
            self._door.communicate()
            self._door = None
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            wait_readable(self._handle)
            self._let_go()
        if self._group is not None:
            self._group.remove()
            self._group = None
        for folder in self._folders:
            _plain(folder)
        self._folders = []

    def close(self) -> None:
        """`end()`, and give up the user."""
        self.end()
        if self._user is not None:
            self._user.release()
            self._user = None

    def _let_go(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
        self._found = None
        self._handle = None


def _give(folder: Path, uid: int) -> None:
    """Make `folder` and what is in it another user's."""
    os.chown(folder, uid, uid, follow_symlinks=False)
    for top, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(top, name), uid, uid, follow_symlinks=False)


def _plain(folder: Path) -> None:
    """Leave nothing but files and folders: through a link or a pipe the grader, who reads and writes there as its own
    user, would be led elsewhere or held up."""
    for top, folders, files in os.walk(folder):
        for path in (Path(top, name) for name in (*folders, *files)):
            with contextlib.suppress(OSError):
                mode = path.lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    path.unlink()


def _only_child(pid: int | None) -> int | None:
    """The one child of a process, None when there is none (yet)."""
    if pid is None:
        return None
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(children[0]) if children else None
    except OSError:
        # Not every kernel has that list.
        everyone = (int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit())
        return next((each for each in everyone if parent_of(each) == pid), None)
