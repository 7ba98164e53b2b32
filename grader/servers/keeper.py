"""The promise that no Redis outlives its owner. A keeper is a tiny shell process beside each local server: it
blocks on a pipe whose only write end is held by the process that owns the server. When that process is gone,
however it went (SIGKILL included), the pipe ends, and the keeper kills Redis and removes its folder.

The pid of Redis reaches the keeper through the same pipe, written by the process that *becomes* Redis just
before it does: there is no instant at which Redis runs and its keeper does not know.

A child made by `os.fork()` gives up its copy of the write end at once, so the server's life follows the
process that started it, not its children. (A child that calls `exec` never has it:
the pipe is close-on-exec.)
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from grader.servers.errors import StartFailed

SOCKET_PATH_LIMIT = 103
"""Bytes a Unix socket's path may have on every system: macOS allows 104 with the closing NUL, Linux 108."""

# Ctrl-C and a closing terminal must not reach it before the owner has had its turn.
_LISTEN = """
trap '' HUP INT QUIT TERM
pid=
while read -r word; do
  case $word in
    gone) pid= ;;
    *) pid=$word ;;
  esac
done
"""

# The folder is removed in a loop because a dying Redis may still create a file in it.
_END_REDIS = """
[ -z "$pid" ] || kill -s KILL -- "-$pid" 2>/dev/null
tries=0
while [ -e "$1" ] && [ $tries -lt 100 ]; do
  rm -rf "$1" 2>/dev/null || sleep 0.01
  tries=$((tries + 1))
done
"""

# Says who it is to the keeper (its pipe is our standard input), then becomes the program.
_LAUNCH = 'echo $$ >&0 && exec "$@" </dev/null'

_pipes: "weakref.WeakSet[_Pipe]" = weakref.WeakSet()


class _Pipe:
    """The write end, closed when nobody refers to it any more."""

    def __init__(self, descriptor: int) -> None:
        self.file = os.fdopen(descriptor, "wb", buffering=0)
        _pipes.add(self)


def _let_go_in_the_child() -> None:
    for pipe in list(_pipes):
        pipe.file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_the_child)


class Watch:
    """A shell that runs `ending` when this process is gone, or when `release()` is called.

    Args:
        ending: shell commands. `$pid` is the last process id that was written to `pipe`, "" if it is gone
            (`forget()`); `$1` and so on are the arguments.
        arguments: for the shell.
    """

    def __init__(self, ending: str, *arguments: str) -> None:
        read, write = os.pipe()
        self.pipe = _Pipe(write)
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _LISTEN + ending, "redis-keeper", *arguments],
                stdin=read,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
        finally:
            os.close(read)

    @property
    def alive(self) -> bool:
        """Whether it still watches: somebody may have ended it."""
        return self._process.poll() is None

    def forget(self) -> None:
        """Say that the process has been waited for: its number may now belong to another."""
        with contextlib.suppress(OSError, ValueError):
            self.pipe.file.write(b"gone\n")

    def release(self) -> None:
        """Let it do what it is for, and wait until it has."""
        self.pipe.file.close()
        self._process.wait()

    def dismiss(self) -> None:
        """End it without letting it do anything."""
        self._process.kill()
        self._process.wait()
        self.pipe.file.close()


class Keeper:
    """Owns one folder and at most one process group at a time.

    Attributes:
        home: the folder, private to this user, removed with the keeper.

    Raises:
        StartFailed: when the folder cannot be made.
    """

    def __init__(self) -> None:
        self._owner = os.getpid()
        for home in _homes():
            # The keeper runs before the folder exists: a SIGKILL between the two leaves nothing behind.
            watch = Watch(_END_REDIS, str(home))
            try:
                home.mkdir(mode=0o700)
            except FileExistsError:
                watch.dismiss()  # the folder is somebody else's
                continue
            except OSError as error:
                watch.dismiss()
                raise StartFailed(
                    f"The folder {home} could not be made: {error.strerror or error}.",
                    "Redis needs a temporary folder that it can write to.",
                    f"Free some space in {home.parent} or make it writable, or set TMPDIR to a folder that is.",
                ) from error
            self.home = home
            self._watch = watch
            return

    def launch(self, command: list[str], output: IO[bytes], directory: Path) -> subprocess.Popen[bytes]:
        """Start `command` in `directory`, known to the keeper, in a session that Ctrl-C does not reach."""
        if not self._watch.alive:
            self._watch = Watch(_END_REDIS, str(self.home))
        return subprocess.Popen(
            ["/bin/sh", "-c", _LAUNCH, "redis-launch", *command],
            stdin=self._watch.pipe.file,
            stdout=output,
            stderr=output,
            cwd=directory,
            start_new_session=True,
        )

    def forget(self) -> None:
        """Say that the launched process has been waited for."""
        self._watch.forget()

    def close(self) -> None:
        """Remove the folder and end the keeper; in a forked child nothing, as the folder is the parent's."""
        if os.getpid() == self._owner:
            remove_folder(self.home)
            self._watch.release()


def remove_folder(folder: Path) -> None:
    """Remove a folder of Redis's: small, flat but for `appendonlydir`, perhaps gone already."""
    shutil.rmtree(folder, ignore_errors=True)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a launched process and its children (a background save), and wait for it."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()


def _homes() -> Iterator[Path]:
    base = Path(tempfile.gettempdir())
    longest = len(os.fsencode(base / "redis-00000000" / "redis.sock"))
    if longest > SOCKET_PATH_LIMIT:
        base = Path("/tmp")
    while True:
        yield base / f"redis-{secrets.token_hex(4)}"
