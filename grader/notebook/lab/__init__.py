"""Start JupyterLab for the course: on the start page, lessons rendered, no pop-ups, and nothing left behind.

`course learn` calls this. The learner's own Jupyter settings are not touched: the course's settings lie in a folder
that is put on Jupyter's configuration path for this one server.
"""

from __future__ import annotations

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

START_PAGE = "notebooks/start-here.ipynb"
_FIRST_PORT = 8888
_READY_SECONDS = 60.0


class LabError(RuntimeError):
    """JupyterLab could not be started; the message says why and where its log is."""


@dataclass(slots=True)
class Lab:
    """A running JupyterLab: `url` opens the start page, `log` is the server's log file."""

    url: str
    base_url: str
    token: str
    process: subprocess.Popen[bytes]
    log: Path

    def wait(self) -> int:
        """Wait until it ends; returns its exit status."""
        return self.process.wait()


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
    token = secrets.token_urlsafe(24)
    port = _usable(port)
    log = folder / ".course" / "jupyter.log"
    log.parent.mkdir(exist_ok=True)
    arguments = [
        sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--port-retries=0", "--ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}", *(["--allow-root"] if os.geteuid() == 0 else []), *extra,
    ]  # fmt: skip
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(redis_url, token),
            # Ctrl-C in the terminal reaches `course` alone, which then ends this server in order.
            start_new_session=True,
        )
    base = f"http://127.0.0.1:{port}"
    running = Lab(f"{base}/lab/tree/{START_PAGE}?token={token}", base, token, process, log)
    try:
        _await_answer(running, on_wait)
        yield running
    finally:
        _end(process)


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


def _usable(port: int | None) -> int:
    candidates = [port] if port is not None else range(_FIRST_PORT, _FIRST_PORT + 100)
    for candidate in candidates:
        with socket.socket() as probe:
            try:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    raise LabError(
        f"Port {port} is taken. Name another one with --port, or leave it out."
        if port is not None
        else f"Every port from {_FIRST_PORT} to {_FIRST_PORT + 99} is taken. Name one with --port."
    )


def _await_answer(running: Lab, on_wait: Callable[[], None]) -> None:
    give_up = time.monotonic() + _READY_SECONDS
    request = urllib.request.Request(f"{running.base_url}/api/status?token={running.token}")
    while time.monotonic() < give_up:
        if running.process.poll() is not None:
            last = running.log.read_text(errors="replace").strip().splitlines()[-1:]
            raise LabError(f"JupyterLab ended at once: {' '.join(last)} The whole log is {running.log}.")
        try:
            with urllib.request.urlopen(request, timeout=2) as reply:
                if reply.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            on_wait()
            time.sleep(0.1)  # between two looks at a condition
    raise LabError(f"JupyterLab has not answered for {_READY_SECONDS:g} s. Its log is {running.log}.")


def _end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM lets Jupyter end its kernels; whatever is left after a while is killed with its session."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
