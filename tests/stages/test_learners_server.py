"""The learner's server as a process: how it is started, what is said when it cannot, and that it outlives nobody."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.servers import PortBusy, StartFailed
from grader.servers.miniredis import MiniServer, miniredis
from tests.stages.conftest import ROOT

Package = Callable[..., MiniServer]
ANSWERS = """
import socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])))
print("ready", flush=True)
while True:
    client, _ = listening.accept()
    while client.recv(1024):
        client.sendall(b"+PONG\\r\\n")
"""


def gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)  # between two looks at the process
    return False


def test_the_reference_starts_answers_and_ends_with_its_block() -> None:
    with miniredis(ROOT / "solutions") as server:
        pid = server.pid
        assert server.client().ping()
        assert pid is not None
        home = server.directory
    assert gone(pid)
    assert not home.exists()


def test_a_syntax_error_is_told_with_its_line_and_python_s_words(package: Package) -> None:
    with pytest.raises(StartFailed) as error:
        package("import miniredis.strings\n", strings="x = 1\ndef append(:\n")
    assert "SyntaxError: invalid syntax, notebooks/miniredis/strings.py:2." in error.value.happened
    assert "def append(:" in error.value.expected
    assert "Traceback" not in str(error.value)


def test_a_failing_import_is_told_with_the_line_that_imports(package: Package) -> None:
    with pytest.raises(StartFailed) as error:
        package("from miniredis.strings import nothing\n", strings="x = 1\n")
    assert "ImportError: cannot import name 'nothing'" in error.value.happened
    assert "notebooks/miniredis/__main__.py:1" in error.value.happened


def test_a_module_of_its_own_that_is_missing_is_an_import_error_and_not_a_missing_server(package: Package) -> None:
    with pytest.raises(StartFailed, match=r"No module named 'miniredis\.strings', notebooks/miniredis/__main__\.py:1"):
        package("import miniredis.strings\n")


def test_a_stage_without_which_nothing_starts_is_named(package: Package) -> None:
    with pytest.raises(StartFailed) as error:
        package('def listen():\n    raise NotImplementedError("mini.accept")\nlisten()\n')
    assert "mini.accept is not built yet (notebooks/miniredis/__main__.py:2)" in error.value.happened
    assert "course hint mini.accept" in error.value.advice


def test_one_that_ends_and_says_nothing_is_told_so(package: Package) -> None:
    with pytest.raises(StartFailed) as error:
        package("import sys; sys.exit(3)\n")
    assert "stopped while it started with status 3" in error.value.happened
    assert "It printed nothing." in str(error.value)


def test_one_that_is_killed_while_it_starts_is_told_so(package: Package) -> None:
    with pytest.raises(StartFailed, match="by the signal SIGABRT"):
        package("import os; os.abort()\n")


def test_one_that_never_listens_is_ended_after_its_patience(package: Package, tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="did not accept a connection on port"):
        package(f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n", 1.0)
    assert gone(int((tmp_path / "pid").read_text()))


def test_one_that_dies_of_its_first_client_is_not_ready(package: Package) -> None:
    dies = ANSWERS.replace("while client.recv(1024):", 'raise NotImplementedError("mini.accept")\n    while False:')
    with pytest.raises(StartFailed, match=r"ended at its first connection: mini\.accept is not built yet"):
        package(dies)


def test_one_that_accepts_and_is_silent_can_be_tried(package: Package) -> None:
    server = package(ANSWERS.replace('client.sendall(b"+PONG\\r\\n")', "pass"))
    assert server.running


def test_a_taken_port_is_told_before_anything_is_started(package: Package) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortBusy, match="is taken by another program"):
        package(ANSWERS, port=other.getsockname()[1])


def test_a_missing_package_is_told(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(StartFailed, match="There is no server to start in notebooks/"):
        MiniServer(tmp_path / "notebooks")


def test_what_ended_it_later_is_told_as_well(package: Package) -> None:
    counts = '    seen = globals().get("seen", 0) + 1\n    if seen == 2:\n        raise ValueError("odd")\n'
    server = package(ANSWERS + counts)
    assert server.crash() is None
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"PING\r\n")
        client.recv(64)
    deadline = time.monotonic() + 10
    while server.running and time.monotonic() < deadline:
        time.sleep(0.01)  # between two looks at the process
    assert "Your server ended: ValueError: odd" in str(server.crash())


def test_nothing_is_written_beside_the_learner_s_files(package: Package, tmp_path: Path) -> None:
    package(ANSWERS + "import miniredis.strings\n", strings="x = 1\n").kill()
    assert not list(tmp_path.rglob("notebooks/**/__pycache__"))


def test_a_sibling_has_its_own_port_and_folder_and_ends_with_its_block() -> None:
    with miniredis(ROOT / "solutions") as server, server.sibling("--databases", "3") as other:
        assert other.port != server.port and other.directory != server.directory
        assert other.client().config_get("databases") == {"databases": "3"}
        pid = other.pid
    assert pid is not None and gone(pid)


def test_it_does_not_outlive_a_parent_that_is_killed() -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom grader.servers.miniredis import MiniServer\n"
        f"server = MiniServer(Path({str(ROOT / 'solutions')!r}))\nprint(server.pid, flush=True)\nsys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert parent.stdout is not None and parent.stdin is not None
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    assert gone(pid)
