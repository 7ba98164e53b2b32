"""A course folder to try commands in, and three ways to run them: in this process, in one of their own, and on a
terminal (a pseudo-terminal of a given width)."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.authoring.expand import expand, serialise
from grader.authoring.release import clear_text
from grader.checks import catalog
from grader.cli.screen import errors, out
from grader.notebook.reset import _checksum

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "week1/02-strings-and-counters"
RIGHT = 'def page_view(r, page):\n    return r.incr(f"page:{page}:views")'
WRONG = (
    "def page_view(r, page):\n"
    '    views = int(r.get(f"page:{page}:views") or 0) + 1\n'
    '    r.set(f"page:{page}:views", views)\n'
    "    return views"
)
_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9]|[=>])")


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The start page and one notebook as they are released, made without nbgrader, which takes seconds to import;
    `tests/notebook/test_reset.py` proves the checksum to be nbgrader's, `tests/release` the starters."""
    folder = tmp_path_factory.mktemp("release") / "notebooks"
    for name in ("start-here", NOTEBOOK):
        notebook = expand(ROOT / "solutions" / f"{name}.md", catalog(), name)
        for cell in notebook.cells:
            mark = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and mark.get("solution"):
                cell.source = (cell.metadata.pop("course", {}).get("starter") or clear_text(cell.source)).rstrip("\n")
                mark["checksum"] = _checksum(cell, cell.source)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ipynb").write_text(serialise(notebook), encoding="utf-8")
    return folder


@pytest.fixture
def course(released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's course folder with one week's notebook; the working directory. No REDIS_URL, no colours asked for."""
    folder = tmp_path / "course"
    shutil.copytree(released, folder / "notebooks")
    (folder / "modules").symlink_to(ROOT / "modules")
    for name in ("REDIS_URL", "COURSE_FOLDER", "COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def answer(course: Path) -> Callable[..., None]:
    """Write an answer into the notebook, as an editor that saves it does."""

    def write(text: str, slug: str = "week1.page-views") -> None:
        path = course / "notebooks" / f"{NOTEBOOK}.ipynb"
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        cell = next(c for c in notebook["cells"] if c["id"] == slug.replace(".", "-"))
        cell["source"] = text.splitlines(keepends=True)
        fresh = path.with_name(".saving")
        fresh.write_text(json.dumps(notebook, indent=1), encoding="utf-8")
        fresh.replace(path)

    return write


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run a command in this process."""
    from grader.cli.app import app

    def call(*words: str) -> Ran:
        out.cache_clear()
        errors.cache_clear()
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app(list(words), prog_name="course")
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def process() -> Callable[..., Ran]:
    """Run a command in a process of its own."""

    def call(*words: str, stdin: str | bytes = b"", **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "grader.cli", *words],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=60,
            check=False,
            env={**os.environ, **environment},
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


class Terminal:
    """A program on a pseudo-terminal. What it printed is `text`, without escape sequences."""

    def __init__(self, command: list[str], columns: int, rows: int, environment: dict[str, str]) -> None:
        self._master, self._slave = pty.openpty()
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**os.environ, "TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1", **environment},
        )
        self._read = b""
        self._mark = 0
        threading.Thread(target=self._pump, daemon=True).start()

    def _pump(self) -> None:
        with contextlib.suppress(OSError):  # EIO when the last process on it has gone
            while data := os.read(self._master, 65536):
                self._read += data

    @property
    def raw(self) -> str:
        return self._read.decode(errors="replace")

    @property
    def text(self) -> str:
        return _ESCAPES.sub("", self.raw).replace("\r", "")

    @property
    def modes(self) -> list[Any]:
        """The terminal's settings, as `termios.tcgetattr` gives them."""
        return termios.tcgetattr(self._slave)

    def send(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def see(self, wanted: str, seconds: float = 25) -> str:
        """Wait until `wanted` is printed behind what was seen before; returns all up to and with it."""
        deadline = time.monotonic() + seconds
        while (at := self.text.find(wanted, self._mark)) < 0:
            assert time.monotonic() < deadline, f"no {wanted!r} in:\n{self.text[self._mark :]}"
            time.sleep(0.01)
        seen = self.text[self._mark : at + len(wanted)]
        self._mark = at + len(wanted)
        return seen

    def ended(self, seconds: float = 10) -> int:
        return self.process.wait(seconds)

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._slave)
        os.close(self._master)


@pytest.fixture
def terminal(course: Path) -> Iterator[Callable[..., Terminal]]:
    """Run a command on a terminal; it is ended with the test."""
    opened: list[Terminal] = []

    def open_one(*words: str, columns: int = 80, rows: int = 50, program: str = "", **environment: str) -> Terminal:
        command = [program, *words] if program else [sys.executable, "-m", "grader.cli", *words]
        opened.append(Terminal(command, columns, rows, environment))
        return opened[-1]

    yield open_one
    for each in opened:
        each.close()


def processes_with(marker: str) -> list[str]:
    """The command lines of all living processes that have `marker` in their environment (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marker.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
