"""Start JupyterLab for the course: on the start page, lessons rendered, no pop-ups, and nothing left behind.

`course learn` calls this. The learner's own Jupyter settings are not touched: the course's settings lie in a folder
that is put on Jupyter's configuration path for this one server, where the learner's own come first.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.notebook.lab import serve

START_PAGE = "notebooks/start-here.ipynb"
_FIRST_PORT = 8888
_READY_SECONDS = 60.0


class LabError(RuntimeError):
    """JupyterLab could not be started; the message says why and where its log is."""


class _PortTaken(LabError):
    """Another program took the port between our look and JupyterLab's start."""


@dataclass(slots=True)
class Lab:
    """A running JupyterLab: `url` opens the start page, `log` is the server's log file."""

    url: str
    base_url: str
    token: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self, seconds: float | None = None) -> int | None:
        """Wait until it ends, at most `seconds`; returns its exit status, None while it runs."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None


@contextmanager
def lab(
    folder: Path,
    redis_url: str,
    port: int | None = None,
    extra: Sequence[str] = (),
    on_wait: Callable[[], None] = lambda: None,
) -> Iterator[Lab]:
    """Run JupyterLab on the course in `folder` while the block runs.

    Args:
        folder: the course folder, JupyterLab's root.
        redis_url: what kernels and terminals find as ``REDIS_URL``.
        port: on 127.0.0.1; the first free one from 8888 if None.
        extra: further arguments for ``jupyter lab``.
        on_wait: called while waiting for the server to answer.

    Raises:
        LabError: when the port is taken or the server does not answer; its log says more.
    """
    if port is not None and not _is_free(port):
        raise LabError(f"Port {port} is taken. Name another one with --port, or leave it out.")
    for candidate in _free_ports() if port is None else [port]:
        running = _launch(folder, redis_url, candidate, extra)
        try:
            try:
                _await_answer(running, on_wait)
            except _PortTaken:
                if port is not None:
                    raise
                continue  # another program was faster
            yield running
            return
        finally:
            _end(running.process)
    raise LabError(f"Every port from {_FIRST_PORT} to {_FIRST_PORT + 99} is taken. Name one with --port.")


def _launch(folder: Path, redis_url: str, port: int, extra: Sequence[str]) -> Lab:
    token = secrets.token_urlsafe(24)
    log = folder / ".course" / f"jupyter-{port}.log"
    log.parent.mkdir(exist_ok=True)
    arguments = [
        # By its path: as a module it would first import the whole room, which takes a second.
        sys.executable, "-P", serve.__file__, "--no-browser", f"--port={port}", "--port-retries=0", "--ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}", *(["--allow-root"] if os.geteuid() == 0 else []), *extra,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=subprocess.PIPE,  # never written to: that it ends tells the server that we are gone
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(redis_url, token),
            # Ctrl-C in the terminal reaches `course` alone, which then ends this server in order.
            start_new_session=True,
        )
    base = f"http://127.0.0.1:{port}"
    return Lab(f"{base}/lab/tree/{START_PAGE}?token={token}", base, token, process, log)


def _environment(redis_url: str, token: str) -> dict[str, str]:
    configuration = str(Path(__file__).resolve().parent)
    before = os.environ.get("JUPYTER_CONFIG_PATH")
    binaries = str(Path(sys.executable).parent)
    return {
        **os.environ,
        "JUPYTER_CONFIG_PATH": f"{configuration}{os.pathsep}{before}" if before else configuration,
        "JUPYTER_TOKEN": token,
        "REDIS_URL": redis_url,
        # nbgrader and terminals find their programs by name, activated environment or not.
        "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def _free_ports() -> Iterator[int]:
    return (port for port in range(_FIRST_PORT, _FIRST_PORT + 100) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        # macOS lets one bind 127.0.0.1 beside a server on all addresses, so ask whether somebody answers too.
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _await_answer(running: Lab, on_wait: Callable[[], None]) -> None:
    give_up = time.monotonic() + _READY_SECONDS
    request = urllib.request.Request(f"{running.base_url}/api/status?token={running.token}")
    while time.monotonic() < give_up:
        if running.process.poll() is not None:
            raise _ended_at_once(running.log)
        try:
            with urllib.request.urlopen(request, timeout=2) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            on_wait()
            time.sleep(0.05)  # between two looks at a condition
    raise LabError(f"JupyterLab has not answered for {_READY_SECONDS:g} s. Its log is {running.log}.")


def _ended_at_once(log: Path) -> LabError:
    said = log.read_text(errors="replace")
    last = (said.strip().splitlines() or ["it said nothing"])[-1]
    if "is already in use" in said:
        return _PortTaken(f"The port was taken by another program meanwhile. Try again. The log is {log}.")
    return LabError(
        f"JupyterLab ended at once: {last.strip().rstrip('.')}. The whole log is {log}. Perhaps `course doctor` knows."
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM lets Jupyter end its kernels; whatever is left after a while is killed with its session."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(serve.ORDERLY_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdin is not None:
        process.stdin.close()
