"""The server a learner builds, running: ``python -m miniredis`` from ``notebooks/``, and the reference from
``solutions/`` in the same way. It begins with the owner's word and cannot outlive the owner (`grader.servers.keeper`).

What goes wrong in it is the learner's to mend: whoever starts one is told the line of their file and what Python said
about it, never a traceback of ours.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import redis

from grader.servers.binary import Version
from grader.servers.enclosure import Enclosure
from grader.servers.errors import NotOurs, PortBusy, StartFailed
from grader.servers.keeper import Keeper, kill_group, remove_folder
from grader.servers.process import Option, await_standstill, dashed, free_port, words

CLAIMS: Version = (8, 2, 3)
"""The version of Redis that miniredis is compared with and says that it is."""

LOG_LINES = 8
_LONGEST = 400  # characters of a line that it printed
_PATIENCE = 10.0  # seconds to accept a connection
_GREETING = 0.3  # seconds that one who accepts may take to say anything
_PING = b"*1\r\n$4\r\nPING\r\n"
_PLACE = re.compile(r'^\s*File "([^"]+)", line (\d+)')
_NO_PACKAGE = re.compile(r"No module named '?miniredis(\.__main__)?(['\s;]|$)")
_UNBUILT = re.compile(r"NotImplementedError: (mini\.[a-z0-9-]+)")


@contextlib.contextmanager
def miniredis(
    home: Path,
    *,
    module: Sequence[str] = ("miniredis",),
    port: int = 0,
    directory: Path | None = None,
    password: str | None = None,
    patience: float = _PATIENCE,
    **config: Option,
) -> Iterator[MiniServer]:
    """Run the server in `home` for the length of a `with` block.

    Arguments and errors as `MiniServer`; `config` are options of redis.conf with underscores for dashes.
    """
    server = MiniServer(
        home, module=module, port=port, directory=directory, password=password, patience=patience, config=config
    )
    try:
        yield server
    finally:
        server.close()


class MiniServer:
    """A running ``miniredis``; satisfies `Server`. `close()` it, or use `miniredis()`.

    Args:
        home: the folder that holds the package: ``notebooks/`` or ``solutions/``.
        module: what ``python -m`` is given, ``("wrong_servers", "one-recv-one-command")`` for example.
        port: on 127.0.0.1; 0 for any free one.
        directory: where it writes, kept afterwards; by default a temporary folder.
        password: of the default user; `client()` and `url` carry it.
        patience: seconds it may take until it accepts a connection.
        config: options of redis.conf.
        more: further words of the command line, as they are.
        enclosure: a sandbox that it runs in, closed with it.

    Raises:
        PortBusy: the port is taken.
        StartFailed: it ended or hung before it was ready; says the learner's line, and what Python said.
    """

    def __init__(
        self,
        home: Path,
        *,
        module: Sequence[str] = ("miniredis",),
        port: int = 0,
        directory: Path | None = None,
        password: str | None = None,
        patience: float = _PATIENCE,
        config: Mapping[str, Option] | None = None,
        more: Sequence[str] = (),
        enclosure: Enclosure | None = None,
    ) -> None:
        self.home = home.resolve()
        self.module = tuple(module)
        self._password = password
        self._patience = patience
        self._more = tuple(more)
        self._config = {dashed(name): value for name, value in (config or {}).items()}
        self._owner = os.getpid()
        self._any_port = port == 0
        self._process: subprocess.Popen[bytes] | None = None
        self._logged = 0
        self._enclosure = enclosure
        self._keeper = Keeper()
        try:
            self.port: int = port
            # What is in an enclosure is not to lay hands on the log, which its owner reads and appends to.
            folder = self._keeper.home if enclosure is None else self._keeper.home / "data"
            self.directory: Path = directory.absolute() if directory else folder
            self._log = self._keeper.home / "miniredis.log"
            self._start_somewhere()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """``redis://127.0.0.1:PORT/0``."""
        account = f":{self._password}@" if self._password else ""
        return f"redis://{account}127.0.0.1:{self.port}/0"

    @property
    def socket_path(self) -> None:
        """It has no Unix socket."""
        return None

    @property
    def version(self) -> Version:
        """The version it is compared with."""
        return CLAIMS

    @property
    def running(self) -> bool:
        """Whether its process is there; a paused one is."""
        return self._process is not None and (os.getpid() != self._owner or self._process.poll() is None)

    @property
    def pid(self) -> int | None:
        """The process id, None when it is not running."""
        if self._process is None or not self.running:
            return None
        return self._process.pid if self._enclosure is None else self._enclosure.inside(self._process.pid)

    @property
    def status(self) -> int | None:
        """How it ended, as `subprocess` tells it; None while it runs."""
        return self._process.poll() if self._process is not None else None

    @contextlib.contextmanager
    def sibling(self, *options: str, directory: Path | None = None) -> Iterator[MiniServer]:
        """Another one of the same program, with `options` as words of its command line, while a `with` block runs.

        It has a port of its own, and a new empty folder unless `directory` is given.
        """
        other = MiniServer(
            self.home,
            module=self.module,
            directory=directory,
            password=self._password,
            patience=self._patience,
            config=self._config,
            more=(*self._more, *options),
            enclosure=self._enclosure.another() if self._enclosure is not None else None,
        )
        try:
            yield other
        finally:
            other.close()

    def client(self, **options: Any) -> redis.Redis:
        """A new client: decoded text, RESP2, no retries, 5 s timeouts, and it says nothing when it connects."""
        defaults: dict[str, Any] = {
            "decode_responses": True,
            "protocol": 2,
            "retry": None,
            "socket_timeout": 5,
            "password": self._password,
            # A server without CLIENT SETINFO can be talked to as well.
            "driver_info": None,
        }
        return redis.Redis(**{"host": "127.0.0.1", "port": self.port, **defaults, **options})

    def log(self) -> str:
        """What it has printed since the last start."""
        try:
            return self._log.read_bytes()[self._logged :].decode(errors="replace")
        except FileNotFoundError:
            return ""

    def crash(self, patience: float = 0.0) -> StartFailed | None:
        """What ended it, for the learner; None while it runs.

        A process that has hung up on its clients takes a moment to be gone: `patience` is seconds to wait for that.
        """
        if self._process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        if self.running:
            return None
        return self._failure("ended", self._process.poll())

    def complaint(self) -> str:
        """The last thing that went wrong inside it and that it survived: the error and its place; "" if nothing did."""
        log = self.log()
        if "Traceback (most recent call last)" not in log:
            return ""
        place = _place(log, self.home)
        return f"{_error(log)}{f', {place}' if place else ''}"

    def kill(self) -> None:
        """SIGKILL it, with its children, and wait until it is gone."""
        self._must_own("kill")
        if self._process is not None:
            kill_group(self._process)
            self._keeper.forget()
        if self._enclosure is not None:
            self._enclosure.end()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for one that does not go within two seconds. The folder stays."""
        self._must_own("stop")
        if self._process is None or not self.running:
            return
        self._send(signal.SIGCONT)
        self._send(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(2)
        self.kill()

    def restart(self) -> None:
        """Start it again, ending it first if it runs, on the same folder, port and options.

        Raises:
            StartFailed: when it does not come back.
        """
        self.stop()
        self._start()

    def reset(self) -> None:
        """A new process on an empty folder: what a server half built can be trusted with."""
        self._must_own("reset")
        self.kill()
        for left in self.directory.iterdir():
            if left != self._log:
                remove_folder(left) if left.is_dir() else left.unlink(missing_ok=True)
        self._start()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing is answered until `resume()`."""
        self._must_own("pause")
        if self._process is not None and self.running:
            self._send(signal.SIGSTOP)
            if self._enclosure is not None:
                await_standstill(self.pid)
            elif hasattr(os, "waitid"):
                os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """SIGCONT: let a paused one go on."""
        self._must_own("resume")
        if self._process is not None and self.running:
            self._send(signal.SIGCONT)

    def close(self) -> None:
        """End it and remove its folder. Safe to call twice; in a forked child it does nothing."""
        if os.getpid() != self._owner:
            return
        if self._process is not None:
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
                if not self._any_port:
                    raise
        return self._start()

    def _start(self) -> None:
        if not self._any_port and _answers(self.port):
            raise self._busy()
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            self._logged = output.tell()
            command = self.command()
            if self._enclosure is not None:
                self._enclosure.end()
                command = self._enclosure.around(command, self.home, [self.directory])
            self._process = self._keeper.launch(command, output, self.home)
        try:
            if self._enclosure is not None:
                self._enclosure.reach(self._process.pid, self.port)
            self._await_ready()
        except BaseException:
            self.kill()
            raise

    def command(self) -> list[str]:
        """The command line it is started with."""
        options: dict[str, Option] = {
            "port": self.port,
            "dir": self.directory,
            **({"requirepass": self._password} if self._password else {}),
            **self._config,
        }
        # Byte code goes to the course's own folder, so that the learner's holds nothing but their files.
        python = [sys.executable, "-u", "-X", f"pycache_prefix={self.home.parent / '.course' / 'pycache'}", "-m"]
        told = [word for name, value in options.items() for word in words(name, value)]
        return [*python, *self.module, *told, *self._more]

    def _await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            if (status := self._process.poll()) is not None:
                raise self._failure("stopped while it started", status)
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0) as probe:
                self._await_greeting(probe)
                if self._process.poll() is None:
                    return
                raise self._failure("ended at its first connection", self._process.poll())
            time.sleep(0.001)  # between two attempts to connect
        raise self._failure(
            f"did not accept a connection on port {self.port} within {self._patience:.0f} seconds", None
        )

    def _await_greeting(self, probe: socket.socket) -> None:
        """Wait until it says anything or hangs up; one that accepts and is silent may still be tried."""
        assert self._process is not None
        probe.settimeout(_GREETING)
        said = b""
        with contextlib.suppress(OSError):
            probe.sendall(_PING)
            said = probe.recv(64)
        if not said:
            # The first client may have been its end: the process takes a moment to go.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_GREETING)

    def _busy(self) -> PortBusy:
        return PortBusy(
            f"Port {self.port} is taken by another program.",
            f"Your server needs 127.0.0.1:{self.port} for itself.",
            "Stop that program, or choose another port.",
        )

    def _failure(self, what: str, status: int | None) -> StartFailed:
        log = self.log()
        place = _place(log, self.home)
        error = _error(log)
        if "Address already in use" in log:
            return self._busy()
        if unbuilt := _UNBUILT.search(log):
            slug = unbuilt[1]
            return StartFailed(
                f"Your server {what}: {slug} is not built yet{f' ({place})' if place else ''}.",
                "That stage is what it needs to come so far.",
                f"Build it; `course hint {slug}` helps.",
            )
        if _NO_PACKAGE.search(log):
            return StartFailed(
                f"There is no server to start in {self.home.name}/: {error or 'no package miniredis'}.",
                f"{self.home.name}/miniredis/ with its __main__.py is what `python -m miniredis` runs.",
                "Bring it back from a fresh clone: `git checkout -- notebooks/miniredis/__main__.py`.",
            )
        how = f": {error}" if error else _how(status, bool(log.strip()))
        said = "\n".join(f"  {_cut(line)}" for line in log.rstrip().splitlines()[-LOG_LINES:])
        return StartFailed(
            f"Your server {what}{how}{f', {place}' if place else ''}.",
            f"The last lines it printed:\n{said}" if said else "It printed nothing.",
            "Mend that and try again." if place else f"`{self._by_hand()}` shows it at work.",
        )

    def _by_hand(self) -> str:
        return "course server" if self.module == ("miniredis",) else f"python -m {' '.join(self.module)}"

    def _must_own(self, verb: str) -> None:
        if os.getpid() != self._owner:
            raise NotOurs(
                f"A forked child tried to {verb} the miniredis of process {self._owner}.",
                "Only the process that started a server may do that.",
                "Start a server in the child, or use the client only.",
            )


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _place(log: str, home: Path) -> str:
    """The innermost place in the learner's files that the last traceback of `log` names: ``FILE:LINE``."""
    last = log.rpartition("Traceback (most recent call last)")[2]
    for line in reversed(last.splitlines()):
        if match := _PLACE.match(line):
            path = Path(match[1])
            if path.is_relative_to(home):
                return _cut(f"{path.relative_to(home.parent)}:{match[2]}")
    return ""


def _error(log: str) -> str:
    """The last line of the last traceback, ``TypeError: …``."""
    last = log.rpartition("Traceback (most recent call last)")[2] if "Traceback" in log else log
    found = [line for line in last.splitlines() if re.match(r"^[A-Za-z_.]*(Error|Exception|Interrupt|Exit)\b", line)]
    return _cut(found[0].strip()).rstrip(".") if found else ""


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} … {len(line) - _LONGEST} more"


def _how(status: int | None, printed: bool) -> str:
    if status is None:
        return "" if printed else ", and printed nothing"
    if status < 0:
        return f" by the signal {signal.Signals(-status).name}"
    return f" with status {status}"
