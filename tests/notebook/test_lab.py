"""`course learn` as a person starts and ends it: JupyterLab answers, kernels and other terminals find its Redis, and
whichever way it ends, nothing of it is left."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from jupyter_client.blocking.client import BlockingKernelClient

from grader.servers import background_status

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds; a busy machine may take ten for JupyterLab alone
Until = Callable[..., None]


@dataclass
class Desk:
    """A running `course learn`, and what it said."""

    process: subprocess.Popen[bytes]
    said: list[str]
    runtime: Path

    @property
    def text(self) -> str:
        return "".join(self.said)

    @property
    def lab(self) -> str:
        found = re.search(r"(http://127\.0\.0\.1:\d+)/\S*token=(\S+)", self.text)
        assert found, self.text
        return found[1]

    @property
    def token(self) -> str:
        return self.text.partition("token=")[2].split()[0]

    def ask(self, path: str, data: dict[str, Any] | None = None) -> Any:
        """JupyterLab's REST API."""
        request = urllib.request.Request(
            f"{self.lab}/api/{path}",
            headers={"Authorization": f"token {self.token}"},
            data=None if data is None else json.dumps(data).encode(),
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return json.load(reply)

    def kernel(self) -> str:
        """Start a kernel; returns its id."""
        return str(self.ask("kernels", {"name": "python3"})["id"])

    def run(self, kernel: str, code: str, wait: bool = True) -> str:
        """Run `code` in a kernel; returns what it printed, unless one is not to wait for it."""
        client = BlockingKernelClient(connection_file=str(self.runtime / f"kernel-{kernel}.json"))
        client.load_connection_file()
        client.start_channels(hb=False)  # a busy kernel is not a dead one
        printed: list[str] = []
        try:
            client.wait_for_ready(timeout=PATIENCE)
            if wait:
                client.execute_interactive(
                    code,
                    timeout=PATIENCE,
                    output_hook=lambda message: printed.append(message["content"].get("text", "")),
                )
            else:
                client.execute(code)
        finally:
            client.stop_channels()
        return "".join(printed)

    def family(self) -> list[psutil.Process]:
        """It and all its processes, in whatever session they are."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]


Start = Callable[..., Desk]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "course"
    (folder / "modules").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    (folder / "docker-compose.yml").write_bytes((ROOT / "docker-compose.yml").read_bytes())
    return folder


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """The environment of a learner without Jupyter settings of their own."""
    kept = {name: value for name, value in os.environ.items() if name not in {"REDIS_URL", "COURSE_FOLDER"}}
    own = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime"}
    return {**kept, **{name: str(tmp_path / folder) for name, folder in own.items()}, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def learn(course: Path, surroundings: dict[str, str], until: Until) -> Iterator[Start]:
    """Start `course learn --no-browser`, on request in a terminal that ends with the process that is returned."""
    started: list[Desk] = []

    def start(*arguments: str, in_terminal: bool = False) -> Desk:
        terminal = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])"] if in_terminal else []
        process = subprocess.Popen(
            [*terminal, sys.executable, "-m", "grader.cli", "learn", "--no-browser", *arguments],
            cwd=course,
            env=surroundings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        desk = Desk(process, [], Path(surroundings["JUPYTER_RUNTIME_DIR"]))
        started.append(desk)
        threading.Thread(target=listen, args=(process, desk.said), daemon=True).start()
        return desk

    yield start
    for desk in started:
        if desk.process.poll() is None:
            desk.process.terminate()
            desk.process.wait(PATIENCE)


def listen(process: subprocess.Popen[bytes], said: list[str]) -> None:
    """Read what a process writes until it is gone."""
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.decode(errors="replace"))


def ready(desk: Desk, until: Until) -> Desk:
    until(lambda: "Ctrl-C ends both" in desk.text or desk.process.poll() is not None, PATIENCE)
    assert desk.process.poll() is None, desk.text
    return desk


def all_gone(family: list[psutil.Process]) -> bool:
    return not any(map(lives, family))


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it went while we looked
        return False


def course_command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    return subprocess.run(
        [sys.executable, "-m", "grader.cli", *words], cwd=folder, env=kept, capture_output=True, text=True, check=False
    )


def test_one_command_gives_a_lab_kernels_that_know_redis_and_a_redis_other_terminals_find(
    learn: Start, course: Path, until: Until
) -> None:
    desk = ready(learn(), until)
    assert urllib.request.urlopen(f"{desk.lab}/lab?token={desk.token}", timeout=PATIENCE).status == 200
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{desk.lab}/api/contents", timeout=PATIENCE)

    url = desk.run(desk.kernel(), "import os; print(os.environ['REDIS_URL'])").strip()
    assert redis.Redis.from_url(url).ping()

    told = course_command(course, "redis", "status")
    assert told.returncode == 0, told.stdout + told.stderr
    assert url.removeprefix("redis://").removesuffix("/0") in told.stdout
    assert "started by the course" in told.stdout

    # A second one beside the first: JupyterLab on a port of its own, the same Redis.
    second = ready(learn(), until)
    assert second.lab != desk.lab
    assert second.ask("status")["started"]

    # SHUTDOWN is a command a learner may try: Redis comes back at the same address.
    with pytest.raises(redis.ConnectionError):
        client = redis.Redis.from_url(url, retry=None)
        client.shutdown(nosave=True)
        client.ping()
    until(lambda: background_status(course) is not None, PATIENCE)
    assert redis.Redis.from_url(url).ping()
    until(lambda: "was started again" in desk.text + second.text, PATIENCE)

    # When the first goes, the second still has one. Ctrl-C in a terminal reaches the whole foreground group.
    family = desk.family()
    os.killpg(desk.process.pid, signal.SIGINT)
    assert desk.process.wait(PATIENCE) == 0
    assert "Stopped." in desk.text
    until(lambda: all_gone(family), PATIENCE)
    until(lambda: answers(url), PATIENCE)
    family = second.family()
    second.process.terminate()
    assert second.process.wait(PATIENCE) == 0
    until(lambda: all_gone(family), PATIENCE)
    assert not answers(url)
    assert background_status(course) is None


def answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url, retry=None).ping())
    except redis.RedisError:
        return False


@pytest.mark.parametrize("ending", ["SIGKILL", "a closed terminal"])
def test_nothing_is_left_even_when_it_has_no_time_to_clean_up(
    ending: str, learn: Start, course: Path, until: Until
) -> None:
    desk = ready(learn(in_terminal=ending == "a closed terminal"), until)
    kernel = desk.kernel()
    # What is most easily left: the check's own Redis, and a kernel that does not listen.
    desk.run(kernel, "from grader.servers import scratch; scratch()")
    if ending == "SIGKILL":
        desk.run(kernel, "while True: pass", wait=False)
    family = desk.family()
    names = [process.name() for process in family]
    assert sum("redis-server" in name for name in names) == 2, names
    desk.process.kill()  # the terminal, in the second case: `course` gets a SIGHUP
    desk.process.wait(PATIENCE)
    until(lambda: all_gone(family), PATIENCE)
    assert background_status(course) is None


def test_a_port_that_is_taken_is_one_sentence(learn: Start) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        desk = learn("--port", str(port))
        assert desk.process.wait(PATIENCE) == 2
        assert f"Port {port} is taken." in desk.text
        assert "Traceback" not in desk.text


def test_a_jupyter_that_cannot_start_is_one_sentence_with_its_reason(
    learn: Start, surroundings: dict[str, str], tmp_path: Path, until: Until
) -> None:
    (tmp_path / "jupyterlab").mkdir()
    (tmp_path / "jupyterlab" / "__init__.py").write_text("raise ImportError('half of it is missing')\n")
    surroundings["PYTHONPATH"] = str(tmp_path)
    desk = learn()
    assert desk.process.wait(PATIENCE) == 2
    until(lambda: "whole log" in desk.text)
    assert "JupyterLab ended at once: ImportError: half of it is missing" in desk.text
    assert "Traceback" not in desk.text


def test_without_docker_its_absence_is_one_sentence_with_what_to_do(
    learn: Start, surroundings: dict[str, str], tmp_path: Path, until: Until
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\necho 'Cannot connect to the Docker daemon at unix:///x' >&2; exit 1\n")
    (tmp_path / "docker").chmod(0o755)
    surroundings["PATH"] = f"{tmp_path}{os.pathsep}/nowhere"
    desk = learn("--redis", "docker")
    assert desk.process.wait(PATIENCE) == 2
    until(lambda: "Docker" in desk.text)
    assert "Traceback" not in desk.text
