"""The Redis behind `course redis start`, `stop` and `status`: it goes on when the command has ended. A state
file in the course folder, `.course/redis.json`, says which one it is; what the file says is believed only if
the server there confirms it."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from grader.servers.binary import Binary, default_binary
from grader.servers.control import Control, Refused
from grader.servers.errors import NotOurs, PortBusy, StartFailed
from grader.servers.process import start_up_failure

PORT = 6379
"""Where learners, tools and this page of the internet expect a Redis."""

_PATIENCE = 10.0  # seconds


@dataclass(frozen=True)
class Background:
    """A background server, as its state file records it.

    Attributes:
        url: its address, `redis://127.0.0.1:PORT/0`.
        pid: its process.
        started: when, local time, ISO 8601.
        run_id: Redis's own name for this run: another server on that port has another.
        birth: when the operating system says that the process began: another process of that pid has another.
        version: as text, "8.2.3".
    """

    url: str
    pid: int
    started: str
    run_id: str
    birth: str
    version: str

    @property
    def port(self) -> int:
        """The TCP port."""
        return int(self.url.rpartition(":")[2].partition("/")[0])


def course_folder(start: Path | None = None) -> Path:
    """Return the nearest folder that holds `.course` or the course, from `start` (the working directory) up.

    `start` itself when there is none.
    """
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / ".course").is_dir() or ((folder / "notebooks").is_dir() and (folder / "modules").is_dir()):
            return folder
    return here


def background_status(folder: Path | None = None) -> Background | None:
    """Return the background server of the course in `folder`, None when none runs.

    A state file that no running server confirms (the machine was restarted, say) is removed.
    """
    folder = course_folder(folder)
    state = _read(folder)
    if state is None:
        return None
    if _confirmed(state):
        return state
    if not _alive(state):
        _state_file(folder).unlink(missing_ok=True)
        return None
    return state  # it is the process we started, but it is too busy (or paused) to answer


def start_background(
    folder: Path | None = None, *, port: int | None = None, binary: Binary | None = None
) -> Background:
    """Start a Redis that stays; return the one that runs already if there is one.

    Args:
        folder: a folder of the course; the working directory by default.
        port: on 127.0.0.1; by default 6379, or the next one that is free.
        binary: which `redis-server`; the best one of this machine by default.

    It keeps its data in memory only: stopping it forgets them.

    Raises:
        NoRedisFound: no usable `redis-server`.
        PortBusy: the port that was asked for is taken, or every one from 6379 to 6478 is.
        StartFailed: Redis gave up; says what it logged.
    """
    folder = course_folder(folder)
    with _only_one(folder):
        running = background_status(folder)
        if running:
            return running
        chosen = binary or default_binary()
        for candidate in [port] if port else free_ports():
            try:
                state = _launch(folder, chosen, candidate)
            except PortBusy:
                if port:
                    raise
                continue  # another program was faster
            try:
                _write(folder, state)
            except OSError:
                _end(state)  # a server that nobody could find again must not stay
                raise
            return state
        raise PortBusy(
            f"Every port from {PORT} to {PORT + 99} is taken.",
            "Redis needs one of them.",
            "Name another one with --port.",
        )


def stop_background(folder: Path | None = None) -> Background:
    """Stop the background server of the course in `folder` and return what it was.

    Raises:
        NotOurs: when none is running that `course redis start` started here.
    """
    folder = course_folder(folder)
    with _only_one(folder):
        state = background_status(folder)
        if state is None:
            raise NotOurs(
                f"No Redis that was started with `course redis start` runs for {folder}.",
                "Only such a server is stopped here; any other belongs to somebody else.",
                "Nothing needs to be done. `course redis status` shows what is in use.",
            )
        _end(state)
        _state_file(folder).unlink(missing_ok=True)
        return state


@contextlib.contextmanager
def announced(folder: Path, url: str) -> Iterator[None]:
    """Let other terminals of the course in `folder` find the local server at `url` while the block runs.

    The server stays its owner's: `course learn` announces the one that ends with it.
    """
    server = _server_section(int(url.rpartition(":")[2].partition("/")[0]))
    pid = int(server["process_id"])
    started = datetime.now().astimezone().isoformat(timespec="seconds")
    state = Background(url, pid, started, server["run_id"], _birth(pid), server["redis_version"])
    with _only_one(folder):
        _write(folder, state)
    try:
        yield
    finally:
        with _only_one(folder):
            if _read(folder) == state:
                _state_file(folder).unlink(missing_ok=True)


def free_ports() -> Iterator[int]:
    """Yield the free ports of 127.0.0.1 from 6379 on, a hundred at most."""
    return (port for port in range(PORT, PORT + 100) if _is_free(port))


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


def _launch(folder: Path, binary: Binary, port: int) -> Background:
    home = folder / ".course" / "redis"
    home.mkdir(parents=True, exist_ok=True)
    log = home / "redis.log"
    command = [str(binary.path), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=home, start_new_session=True
        )
    _children[process.pid] = process
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, Refused, KeyError):
            server = _server_section(port)
            if server["process_id"] == str(process.pid):
                return Background(
                    url=f"redis://127.0.0.1:{port}/0",
                    pid=process.pid,
                    started=datetime.now().astimezone().isoformat(timespec="seconds"),
                    run_id=server["run_id"],
                    birth=_birth(process.pid),
                    version=server["redis_version"],
                )
        time.sleep(0.001)
    failure = start_up_failure(binary, port, process.poll(), log.read_text(errors="replace"), _PATIENCE)
    process.kill()
    process.wait()
    raise failure


_children: dict[int, subprocess.Popen[bytes]] = {}
"""Those this very process has started: a parent has to wait for its children when they end."""


def _end(state: Background) -> None:
    os.kill(state.pid, signal.SIGCONT)
    for word, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, _PATIENCE)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, word)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _alive(state):
                return
            time.sleep(0.002)
    raise StartFailed(
        f"The Redis of process {state.pid} does not end, not even by SIGKILL.",
        "It should have gone at once.",
        "The disk it writes to may hang; look at it, then try again.",
    )


def _confirmed(state: Background) -> bool:
    with contextlib.suppress(OSError, Refused, KeyError):
        return _server_section(state.port)["run_id"] == state.run_id
    return False


def _alive(state: Background) -> bool:
    if state.pid in _children and _children[state.pid].poll() is not None:
        return False
    birth = _birth(state.pid)
    return bool(birth) and birth == state.birth


def _birth(pid: int) -> str:
    """Return when a process began, in the system's words; "" when there is none, or only its zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    asked = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    status, _, birth = asked.stdout.strip().partition(" ")
    return "" if status.startswith("Z") else birth.strip()


def _server_section(port: int) -> dict[str, str]:
    with Control(("127.0.0.1", port), None, 1.0) as control:
        (info,) = control.ask(("INFO", "server"))
    if not isinstance(info, bytes):
        raise Refused(str(info))
    return dict(line.split(":", 1) for line in info.decode().splitlines() if ":" in line)


def _state_file(folder: Path) -> Path:
    return folder / ".course" / "redis.json"


def _read(folder: Path) -> Background | None:
    try:
        return Background(**json.loads(_state_file(folder).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(folder: Path, state: Background) -> None:
    written = _state_file(folder).with_suffix(".new")
    written.write_text(json.dumps(asdict(state), indent=2) + "\n")
    written.replace(_state_file(folder))


def _only_one(folder: Path) -> AbstractContextManager[object]:
    from filelock import FileLock  # a third of this room's import time, for `start` and `stop` only

    (folder / ".course").mkdir(parents=True, exist_ok=True)
    return FileLock(folder / ".course" / "redis.lock", timeout=60)
