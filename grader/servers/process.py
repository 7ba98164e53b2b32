"""A Redis that is a process of ours on this machine: started in milliseconds in a folder of its own, stopped
and removed with its owner. Called by the checks, the lessons' transcripts, the notebooks and the tests;
larger topologies are made of several of these."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import redis

from grader.servers.binary import Binary, Version, binary_at, default_binary
from grader.servers.control import Address, Baseline, Control, Refused, reset
from grader.servers.enclosure import Enclosure
from grader.servers.errors import NotOurs, PortBusy, StartFailed
from grader.servers.keeper import SOCKET_PATH_LIMIT, Keeper, kill_group, remove_folder

Option = str | bytes | int | float | bool | Path | Sequence[str | int]

_PATIENCE = 30.0  # seconds to become ready: an append-only file may have to be loaded first
_SEVERAL_WORDS = frozenset({"bind", "client-output-buffer-limit", "oom-score-adj-values", "replicaof", "save", "user"})


@contextlib.contextmanager
def standalone(
    *,
    binary: Binary | Path | str | None = None,
    port: int | None = None,
    password: str | None = None,
    directory: Path | None = None,
    **config: Option,
) -> Iterator["LocalServer"]:
    """Run a Redis for the length of a `with` block; nothing of it is left afterwards.

    Args:
        binary: which `redis-server`; the best one of this machine by default.
        port: a TCP port on 127.0.0.1, 0 for any free one; by default only a Unix socket.
        password: of the default user; `client()` and `url` carry it.
        directory: where Redis writes, kept afterwards; by default a temporary folder.
        config: options of redis.conf with underscores for dashes: `maxmemory="2mb"`, `appendonly=True`
            (yes), `save=["60", "1"]` or `save="60 1"`. Nothing is saved to disk unless an option says so.

    Raises:
        NoRedisFound: no usable `redis-server`.
        PortBusy: the port is taken.
        StartFailed: Redis refused an option, could not write, or did not become ready; says what it logged.

    See https://redis.io/docs/latest/operate/oss_and_stack/management/config/
    """
    server = LocalServer(binary=binary, port=port, password=password, directory=directory, config=config)
    try:
        yield server
    finally:
        server.close()


class LocalServer:
    """A running Redis process; satisfies `Server`. `close()` it, or use `standalone()`.

    A forked child may use `client()`, and `close()` there does nothing: the server is the parent's.

    Args and raises: as `standalone()`; `enclosure` is a sandbox that it runs in, closed with it.
    """

    def __init__(
        self,
        *,
        binary: Binary | Path | str | None = None,
        port: int | None = None,
        password: str | None = None,
        directory: Path | None = None,
        config: dict[str, Option] | None = None,
        enclosure: Enclosure | None = None,
    ) -> None:
        self.binary = _choose(binary)
        self._enclosure = enclosure
        self._password = password
        self._owner = os.getpid()
        self._any_port = port == 0
        self._config = {"save": "", **{dashed(name): value for name, value in (config or {}).items()}}
        self._process: subprocess.Popen[bytes] | None = None
        self._baseline: Baseline | None = None
        self._keeper = Keeper()
        try:
            self._home = self._keeper.home
            # What is in an enclosure is not to lay hands on the log, which its owner reads and appends to.
            self._folder = self._home if enclosure is None else self._home / "data"
            self._folder.mkdir(exist_ok=True)
            self.directory: Path = directory.absolute() if directory else self._folder
            self.socket_path: Path = self._folder / "redis.sock"
            self._log = self._home / "redis.log"
            self.port = port
            self._start_somewhere()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """`redis://127.0.0.1:PORT/0` when it has a port, else `unix:///…/redis.sock`."""
        account = f":{quote(self._password, safe='')}@" if self._password else ""
        if self.port:
            return f"redis://{account}127.0.0.1:{self.port}/0"
        return f"unix://{account}{self.socket_path}"

    @property
    def version(self) -> Version:
        """The version, as three numbers."""
        return self.binary.version

    @property
    def running(self) -> bool:
        """Whether its process is there; a paused one is."""
        return self._running()

    @property
    def pid(self) -> int | None:
        """The process id, None when it is not running."""
        if self._process is None or not self._running():
            return None
        return self._process.pid if self._enclosure is None else self._enclosure.inside(self._process.pid)

    @contextlib.contextmanager
    def sibling(self, *, directory: Path | None = None, **config: Option) -> Iterator["LocalServer"]:
        """Another one of the same program while a `with` block runs; in an enclosure of its own where this one has one.

        Args:
            directory: where it finds and leaves its files; by default a temporary folder.
            config: options of redis.conf; none are taken over from this one.

        Raises:
            StartFailed: as `standalone()`.
        """
        other = LocalServer(
            binary=self.binary,
            password=self._password,
            directory=directory,
            config=config,
            enclosure=self._enclosure.another() if self._enclosure is not None else None,
        )
        try:
            yield other
        finally:
            other.close()

    def client(self, **options: Any) -> redis.Redis:
        """Return a new client: decoded text, RESP2, no retries, 5 s timeouts, unless `options` say otherwise.

        Without retries a dead server is an error at once; redis-py's own default tries for four seconds.
        """
        where: dict[str, Any] = (
            {"host": "127.0.0.1", "port": self.port} if self.port else {"unix_socket_path": str(self.socket_path)}
        )
        defaults = {
            "decode_responses": True,
            "protocol": 2,
            "retry": None,
            "socket_timeout": 5,
            # redis-py looks its own version up in the installed packages, for every client anew.
            "driver_info": None,
            "password": self._password,
        }
        return redis.Redis(**{**where, **defaults, **options})

    def log(self) -> str:
        """Return everything Redis has written since the first start."""
        try:
            return self._log.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def kill(self) -> None:
        """SIGKILL it, with the children of a background save, and wait until it is gone."""
        self._must_own("kill")
        if self._process is not None:
            kill_group(self._process)
            self._running()
        if self._enclosure is not None:
            self._enclosure.end()

    def stop(self) -> None:
        """End it: with SIGTERM when something is to be saved, else at once. The folder stays."""
        self._must_own("stop")
        if self._process is None or not self._running():
            return
        if self._saves():
            self._send(signal.SIGCONT)
            self._send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_PATIENCE)
        self.kill()

    def restart(self) -> None:
        """Start it again, ending it first if it runs, on the same folder, address and options.

        Raises:
            StartFailed: when it does not come back.
        """
        self.stop()
        self._start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing is answered until `resume()`."""
        self._must_own("pause")
        if self._process is not None and self._running():
            self._send(signal.SIGSTOP)
            # The signal is on its way; wait until the process stands still (macOS cannot tell).
            if self._enclosure is not None:
                await_standstill(self.pid)
            elif hasattr(os, "waitid"):
                os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """SIGCONT: let a paused one go on."""
        self._must_own("resume")
        if self._process is not None and self._running():
            self._send(signal.SIGCONT)

    def reset(self) -> None:
        """Make it as new in well under a millisecond; by a restart where Redis itself cannot be asked.

        No keys, scripts, functions, other clients; users, CONFIG and statistics as at the start.
        """
        self._must_own("reset")
        if self._running() and self._reset_in_place(0.25):
            return
        # It is dead, or held up by a script that never ends or a CLIENT PAUSE: a new process is as fast.
        self.kill()
        for left in self.directory.iterdir() if self.directory == self._folder else ():
            if left != self._log:
                _remove(left)
        self._start()
        if self.directory != self._folder and not self._reset_in_place(_PATIENCE):
            raise StartFailed(
                f"{self.binary} came back from {self.directory} and could not be emptied.",
                "It should have been as new.",
                "Look at its log, or give it an empty folder.",
            )

    def _reset_in_place(self, timeout: float) -> bool:
        if self._baseline is None:
            return False
        try:
            with self._control(timeout) as control:
                reset(control, self._baseline)
        except (OSError, Refused):
            return False
        if not self._baseline.config.get(b"save"):
            # A snapshot somebody asked for would come back with the next restart.
            with contextlib.suppress(OSError):
                (self.directory / "dump.rdb").unlink()
        return True

    def close(self) -> None:
        """End it and remove its folder. Safe to call twice; in a forked child it does nothing."""
        if os.getpid() != self._owner:
            return
        if self._process is not None:
            if hasattr(self, "directory") and self.directory != self._folder:
                self.stop()
            self.kill()
        if self._enclosure is not None:
            self._enclosure.close()
        self._keeper.close()

    def _send(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _start_somewhere(self) -> None:
        for _ in range(10):
            if self._any_port:
                self.port = free_port()
            try:
                return self._start()
            except PortBusy:
                # Between finding a free port and Redis binding it, another program took it.
                if not self._any_port:
                    raise
        return self._start()

    def _start(self) -> None:
        _check_length(self.socket_path)
        self.directory.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            self.socket_path.unlink()
        with self._log.open("ab") as output:
            logged = output.tell()
            command = self._command()
            if self._enclosure is not None:
                self._enclosure.end()
                command = self._enclosure.around(command, self.directory, [self.directory, self._folder])
            self._process = self._keeper.launch(command, output, self.directory)
        try:
            self._await_ready(logged)
        except BaseException:
            self.kill()
            raise

    def _command(self) -> list[str]:
        options: dict[str, Option] = {
            "port": self.port or 0,
            "bind": "127.0.0.1",
            "unixsocket": self.socket_path,
            "unixsocketperm": "700",
            "dir": self.directory,
            **({"requirepass": self._password} if self._password else {}),
            **self._config,
        }
        return [
            str(self.binary.path),
            *(word for name, value in options.items() for word in words(name, value)),
        ]

    def _await_ready(self, logged: int) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _PATIENCE
        why = "it does not listen"
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                with self._control(1.0) as control:
                    (reply,) = control.ask(("PING",))
                    if not str(reply).startswith("LOADING"):
                        self._remember(control)
                        return
                    why = str(reply)
            except (OSError, Refused) as error:
                why = str(error)
            # 6-8 ms is what a start takes; asking every half millisecond costs little of it.
            time.sleep(0.0005)
        said = self._log.read_bytes()[logged:].decode(errors="replace")
        if not said and shutil.disk_usage(self._home).free < 65536:
            said = f"No space left on the disk of {self._home.parent}, not even for its log"
        raise start_up_failure(self.binary, self.port, self._process.poll(), said, _PATIENCE, why)

    def _remember(self, control: Control) -> None:
        if self._baseline is None:
            with contextlib.suppress(Refused):
                self._baseline = Baseline.of(control)

    def _saves(self) -> bool:
        with contextlib.suppress(OSError, Refused), self._control(0.5) as control:
            save, append = control.ask(("CONFIG", "GET", "save"), ("CONFIG", "GET", "appendonly"))
            if isinstance(save, list) and isinstance(append, list):
                return bool(save[1]) or append[1] == b"yes"
        return self._config["save"] != "" or self._config.get("appendonly") in (True, "yes")

    def _control(self, timeout: float) -> Control:
        return Control(self.address, self._password, timeout)

    @property
    def address(self) -> Address:
        """Where the owner connects: always the Unix socket."""
        return self.socket_path

    def _running(self) -> bool:
        if self._process is None:
            return False
        if os.getpid() != self._owner:
            return True
        if self._process.poll() is not None:
            self._process = None
            self._keeper.forget()
            return False
        return True

    def _must_own(self, verb: str) -> None:
        if os.getpid() != self._owner:
            raise NotOurs(
                f"A forked child tried to {verb} the Redis of process {self._owner}.",
                "Only the process that started a server may do that.",
                "Start a server in the child, or use the client only.",
            )


def await_standstill(pid: int | None) -> None:
    """Wait until a process of Linux that is no child of ours has stopped, or is gone."""
    with contextlib.suppress(OSError):
        while pid is not None and Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "TtZX":
            time.sleep(0.0005)  # between two looks


def free_port() -> int:
    """Return a TCP port that nothing on 127.0.0.1 listens on, below 55536 (a cluster bus adds 10000)."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 55536:
            return port


def start_up_failure(
    binary: Binary, port: int | None, status: int | None, log: str, patience: float, why: str = "no answer"
) -> StartFailed:
    """Return the error for a server that did not become ready.

    Args:
        binary: what was started.
        port: the port it was told to listen on, if any.
        status: its exit status, None when it still runs.
        log: what it logged during this start.
        patience: the seconds it was given.
        why: what the last attempt to reach it met with.
    """
    said = _reason(log)
    if status is None:
        return StartFailed(
            f"{binary} was not ready after {patience:.0f} seconds: {why}.",
            f"It should have answered PING. Its log ends with: {said}",
            "Give it less to load, or look whether the machine is overloaded.",
        )
    if "Address already in use" in said:
        return PortBusy(
            f"Port {port} is taken by another program ({said}).",
            f"Redis needs 127.0.0.1:{port} for itself.",
            "Stop that program, or choose another port.",
        )
    return StartFailed(
        f"{binary} did not start: {said}.",
        "It should have started with the options it was given.",
        _advice(said),
    )


def _choose(binary: Binary | Path | str | None) -> Binary:
    if binary is None:
        return default_binary()
    return binary if isinstance(binary, Binary) else binary_at(binary)


def dashed(name: str) -> str:
    """Return a Python keyword's name as redis.conf spells the option."""
    return name.replace("_", "-")


def words(name: str, value: Option) -> list[str]:
    """Return an option as words of redis-server's command line."""
    if isinstance(value, bool):
        return [f"--{name}", "yes" if value else "no"]
    if isinstance(value, bytes):
        return [f"--{name}", os.fsdecode(value)]
    if isinstance(value, str):
        return [f"--{name}", *(value.split() if value and name in _SEVERAL_WORDS else [value])]
    if isinstance(value, Sequence):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}", str(value)]


_PREFIX = re.compile(r"^\d+:[A-Z] \d+ \w+ \d+ [\d:.]+ [.\-*#] ")
_NOISE = ("WARNING", "Redis version=", "Configuration loaded", "oO0Oo", "monotonic clock", "Running mode=")


def _reason(log: str) -> str:
    """Return the one thing in Redis's start-up log that says why it gave up."""
    lines = [_PREFIX.sub("", line).strip() for line in log.splitlines()]
    lines = [line for line in lines if line and not any(noise in line for noise in _NOISE)]
    quoted = [place for place, line in enumerate(lines) if line.startswith(">>> ")]
    if quoted:
        culprit, *rest = lines[quoted[-1] :]
        return f"{culprit.removeprefix('>>> ')}: {rest[0] if rest else 'refused'}"
    return " / ".join(line.rstrip(".") for line in lines[-2:]) or "it wrote nothing"


def _advice(said: str) -> str:
    if "No space left" in said:
        return "Free some space on the disk, or set TMPDIR to a folder on another one."
    if "Permission denied" in said or "Read-only" in said:
        return "Make the folder writable, or set TMPDIR to one that is."
    if "directive" in said or "argument" in said or "Module Configuration" in said or "'" in said:
        return "Correct the option: its name, its value, or the Redis version that knows it."
    return "Read the log line, correct what it names, and start again."


def _check_length(path: Path) -> None:
    if len(os.fsencode(path)) > SOCKET_PATH_LIMIT:
        raise StartFailed(
            f"The path {path} is longer than a Unix socket's may be ({SOCKET_PATH_LIMIT} bytes).",
            "Redis needs a short temporary folder.",
            "Set TMPDIR to a shorter path.",
        )


def _remove(path: Path) -> None:
    if path.is_dir():
        remove_folder(path)
    else:
        path.unlink(missing_ok=True)
