"""The sandbox where bubblewrap cannot be had: a container of a Docker engine, one for each worker.

It is slower to start (half a second and more). Without an image of its own it shows this machine's Python in an empty
one, just what `bubblewrap` shows; where that cannot run (Docker Desktop), COURSE_SANDBOX_IMAGE names an image that has
Python and redis-py. See docker-run(1).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from grader.marking.sandbox import interpreter, parent
from grader.marking.sandbox.held import Held
from grader.marking.sandbox.interpreter import HOME, PLACE, WITHIN
from grader.marking.sandbox.limits import Limits
from grader.marking.sandbox.users import User
from grader.marking.sandbox.within import refusals
from grader.marking.sandbox.within.relay import OUT_OF_MEMORY

_FRESH = ("/tmp", HOME, "/dev/shm")
_LATE = 0.5  # seconds in which a container that was asked for comes to be
_PATIENCE = 30.0  # seconds an engine may take for an answer


class NoEngine(RuntimeError):
    """Docker cannot be used; the message says why."""


class Docker:
    """Containers.

    Args:
        image: has Python and redis-py; by default this machine's own are shown.

    Raises:
        NoEngine: when no engine answers, or it takes no image.
    """

    name = "docker"
    trusted = True

    def __init__(self, image: str | None = None) -> None:
        if (said := _ask("version", "--format", "{{.Server.Version}}")) is None:
            raise NoEngine("no Docker engine answers (is one installed and running, and may this user talk to it?)")
        self.version = said.strip()
        self._own_python = image is None
        self.image = image or _empty_image()

    @property
    def words(self) -> str:
        """What the instructor gets."""
        return (
            f"Submissions run in containers of Docker {self.version}, each as a user of its own: without network, "
            "without sight of the course or of each other, within limits; memory is bounded in total. Starting one "
            "takes about a second: with bubblewrap marking is many times faster."
        )

    def start(
        self, program: list[str], channel: socket.socket, limits: Limits, share: Mapping[Path, str] | None = None
    ) -> Held:
        """Run `program` with `channel` as descriptor 3; as `Bubblewrap.start`.

        Raises:
            OSError: when the client cannot be started.
        """
        name = f"course-{os.getpid()}-{secrets.token_hex(4)}"
        user = User()
        output, told = os.pipe()
        try:
            process = parent.start(
                self._command(name, user.uid, program, limits, share or {}),
                stdin=channel,
                stdout=channel,
                stderr=told,
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            os.close(output)
            user.release()
            raise
        finally:
            os.close(told)
        return Held(_Cage(name, process, user), output, limits)

    def _command(self, name: str, uid: int, program: list[str], limits: Limits, share: Mapping[Path, str]) -> list[str]:
        bounds = limits.bounds(True)
        words = ["docker", "run", "--rm", "-i", "--name", name, "--pull", "never", "--network", "none"]
        words += ["--memory", str(limits.memory), "--memory-swap", str(limits.memory), "--cpus", "2"]
        words += ["--pids-limit", str(limits.processes), "--read-only", "--cap-drop", "ALL"]
        words += ["--security-opt", "no-new-privileges", "--user", f"{uid}:{uid}", "--hostname", "sandbox"]
        words += ["--workdir", "/", "--entrypoint", "", "--log-driver", "none", "--stop-timeout", "0"]
        for place in _FRESH:
            room = f"size={limits.scratch},nr_inodes={limits.inodes},mode=700,uid={uid},gid={uid}"
            words += ["--tmpfs", f"{place}:rw,nosuid,nodev,noexec,{room}"]
        for variable, value in interpreter.ENVIRONMENT.items():
            words += ["--env", f"{variable}={value}"]
        words += ["--volume", f"{WITHIN}:{PLACE}/{WITHIN.name}:ro"]
        for path, place in share.items():
            words += ["--volume", f"{path.resolve()}:{place}:ro"]
        python = "python3"
        if self._own_python:
            python = interpreter.start_up()[0]
            words += _views()
        # Processes are counted by the container; the limit of a user would count those of all containers.
        orders = {
            "limits": {k: v for k, v in bounds.items() if k != "NPROC"},
            "home": HOME,
            "filter": refusals.program().hex(),
        }
        code = f"import sys; sys.path.insert(0, {PLACE!r}); from within.relay import main; main()"
        called = interpreter.command(program)[1:]
        return [*words, self.image, python, "-I", "-S", "-B", "-c", code, json.dumps(orders), python, *called]


def _views() -> list[str]:
    seen = interpreter.view()
    words: list[str] = []
    for path in seen.bound:
        words += ["--volume", f"{path}:{path}:ro"]
    for path in seen.covered:
        words += ["--tmpfs", f"{path}:ro,size=4096"] if path.is_dir() else ["--volume", f"/dev/null:{path}:ro"]
    return words


class _Cage:
    """One container, and the client that is attached to it."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], user: User) -> None:
        self._name = name
        self._process = process
        self._user = user
        self._over, self._told = os.pipe()
        threading.Thread(target=self._wait, name="sandbox-wait", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The first process inside, if the engine runs on this machine."""
        deadline = time.monotonic() + _PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            said = _ask("inspect", "--format", "{{.State.Pid}}", self._name)
            if said is not None and int(said) > 0:
                return int(said)
            time.sleep(0.02)  # between two questions
        return None

    def over(self) -> int:
        return self._over

    def end(self) -> None:
        if self._process.poll() is not None:
            return
        # The client first: while it waits for somebody to read what it prints, the engine waits for the client.
        self._process.kill()
        self._process.wait()
        deadline = time.monotonic() + _LATE
        while _ask("rm", "--force", "--volumes", self._name) is None and time.monotonic() < deadline:
            time.sleep(0.1)  # the engine may be about to make it

    def status(self) -> int | None:
        code = self._process.returncode
        return 128 - code if 128 < code < OUT_OF_MEMORY else code

    def memory_ran_out(self) -> bool:
        return self._process.returncode == OUT_OF_MEMORY

    def remove(self) -> None:
        os.close(self._over)
        self._user.release()

    def _wait(self) -> None:
        self._process.wait()
        os.close(self._told)


def _ask(*words: str, data: bytes | None = None) -> str | None:
    """What docker says; None when it fails."""
    try:
        done = subprocess.run(
            ["docker", *words], input=data or b"", capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def _empty_image() -> str:
    """An image with nothing in it but folders and links to mount this machine's Python on.

    Raises:
        NoEngine: when the engine does not take it.
    """
    seen = interpreter.view()
    packed = io.BytesIO()
    places = [*map(str, seen.bound), *seen.links, HOME, "/tmp/x", "/etc/x", f"{PLACE}/x"]
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for folder in sorted({str(each) for place in places for each in Path(place).parents} - {"/"}):
            tar.addfile(_entry(folder, tarfile.DIRTYPE))
        for place, target in sorted(seen.links.items()):
            entry = _entry(place, tarfile.SYMTYPE)
            entry.linkname = target
            tar.addfile(entry)
    data = packed.getvalue()
    tag = f"redis-course-sandbox:{hashlib.sha256(data).hexdigest()[:16]}"
    if _ask("image", "inspect", tag) is None and _ask("import", "-", tag, data=data) is None:
        raise NoEngine("the Docker engine did not take an empty image")
    return tag


def _entry(place: str, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(place.lstrip("/"))
    entry.type, entry.mode = kind, 0o755
    return entry
