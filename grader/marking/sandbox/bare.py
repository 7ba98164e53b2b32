"""No sandbox: a child process with limits and an empty home. It holds against mistakes, not against malice, and it
says so: what is marked in it is advisory."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

from grader.marking.sandbox import interpreter, parent
from grader.marking.sandbox.held import Held
from grader.marking.sandbox.limits import Limits

# Becomes the program after the limits: what `Popen(preexec_fn=…)` would do, without its trouble with threads.
_START = """
import json, os, resource, sys
bounds, channel = json.loads(sys.argv[1]), int(sys.argv[2])
os.dup2(channel, 3)
os.closerange(4, os.sysconf("SC_OPEN_MAX"))
os.set_inheritable(3, True)
for name, most in bounds.items():
    which = getattr(resource, "RLIMIT_" + name, None)
    if which is not None:
        hard = resource.getrlimit(which)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(which, (most - 1 if name == "CPU" else most, most))
        except (OSError, ValueError):
            pass
os.execv(sys.argv[3], sys.argv[3:])
"""


class Bare:
    """Plain child processes.

    Args:
        why: why there is nothing better, a clause.
    """

    name = "none"
    trusted = False

    def __init__(self, why: str = "it was asked for") -> None:
        self._why = why

    @property
    def words(self) -> str:
        """What the instructor has to know."""
        return (
            f"THERE IS NO SANDBOX ({self._why}): submissions run as plain processes of yours, which can read and "
            "change whatever you can. Results are advisory; do not mark strangers' code so. Install bubblewrap "
            "(Debian and Ubuntu: sudo apt install bubblewrap), or start a Docker engine."
        )

    def start(
        self, program: list[str], channel: socket.socket, limits: Limits, share: Mapping[Path, str] | None = None
    ) -> Held:
        """Run `program` with `channel` as descriptor 3; arguments as `Bubblewrap.start`.

        The places of `share` do not exist here; those words of `program` that begin with one are put right.
        """
        home = tempfile.mkdtemp(prefix="course-home-")
        places = {place: str(path) for path, place in (share or {}).items()}
        # Limits on processes count all of this user's, so they would end honest programs.
        bounds = {k: v for k, v in limits.bounds(False).items() if k not in {"NPROC", "MSGQUEUE", "MEMLOCK"}}
        output, told = os.pipe()
        try:
            process = parent.start(
                [sys.executable, "-I", "-S", "-c", _START, _json(bounds), str(channel.fileno())]
                + [_moved(word, places) for word in interpreter.command(program)],
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                pass_fds=[channel.fileno()],
                cwd=home,
                env={
                    **interpreter.ENVIRONMENT,
                    "HOME": home,
                    "TMPDIR": home,
                    "PATH": os.environ.get("PATH", os.defpath),
                },
                start_new_session=True,
            )
        except BaseException:
            os.close(output)
            shutil.rmtree(home, ignore_errors=True)
            raise
        finally:
            os.close(told)
        return Held(_Cage(process, home), output, limits, grouped=False)


class _Cage:
    """A session of processes of this user; one that starts a session of its own gets away."""

    def __init__(self, process: subprocess.Popen[bytes], home: str) -> None:
        self._process = process
        self._home = home
        self._over, self._told = os.pipe()
        # Not every system has descriptors of processes: a thread waits instead.
        threading.Thread(target=self._wait, name="sandbox-wait", daemon=True).start()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def over(self) -> int:
        return self._over

    def end(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def status(self) -> int | None:
        return self._process.returncode

    def memory_ran_out(self) -> bool:
        return False

    def remove(self) -> None:
        os.close(self._over)
        shutil.rmtree(self._home, ignore_errors=True)

    def _wait(self) -> None:
        self._process.wait()
        os.close(self._told)


def _json(bounds: Mapping[str, int]) -> str:
    return json.dumps(dict(bounds))


def _moved(word: str, places: Mapping[str, str]) -> str:
    """`word` with a place inside a sandbox for its beginning turned into the path on this machine."""
    for place, path in places.items():
        if word == place or word.startswith(f"{place}/"):
            return path + word[len(place) :]
    return word
