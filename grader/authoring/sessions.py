"""The live ends a lesson talks to: redis-cli's connection, a raw socket, a shell, a Python interpreter.

`grader.authoring.transcripts` starts one of each per lesson and Redis version, when first needed, and feeds it
command by command. Each call takes a `deadline`, a moment on the `time.monotonic` clock, and raises `TooSlowError`
when it passes: a block that hangs must become a sentence, not a hang.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import secrets
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import tty
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from grader.resp import INCOMPLETE, Push, Reader, encode_command
from grader.wire import format_reply, split_line

Address = tuple[str, int]

#: Commands after which the server speaks unasked; redis-cli shows those by waiting, which a transcript cannot.
_WAITING = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC"}

#: redis-cli prints a "(1.05s)" line after a command that took this long, in seconds.
SLOW_COMMAND = 0.5
TIMING = re.compile(r"\(\d+\.\d\ds\)")

_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class TooSlowError(Exception):
    """The deadline passed; the message says what was being waited for."""


class CannotRunError(Exception):
    """A step that no session can run; the message tells the author what to do."""


def _left(deadline: float, waiting_for: str) -> float:
    """Seconds left until `deadline`. Raises TooSlowError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TooSlowError(f"gave up waiting for {waiting_for}")
    return left


class RedisSession:
    """One connection that shows replies as redis-cli does on a terminal (RESP2 until a HELLO 3)."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection(address, timeout=5)
        self._reader = Reader()

    def run(self, line: str, deadline: float) -> list[str]:
        """Send one redis-cli line, return the lines redis-cli would print.

        Raises CannotRunError for a line redis-cli itself would refuse or wait on, TooSlowError, ConnectionError.
        """
        try:
            arguments = split_line(line)
        except ValueError as error:
            raise CannotRunError(f"redis-cli could not read this line: {error}") from error
        if not arguments:
            raise CannotRunError("there is no command after the prompt")
        name = arguments[0].decode("utf-8", "replace").upper()
        if name in _WAITING:
            raise CannotRunError(f"{name} waits for messages: show it in a python or console block")
        began = time.monotonic()
        self._socket.sendall(encode_command(*arguments))
        shown: list[str] = []
        while True:
            try:
                reply = self._read(deadline, name)
            except ConnectionError:
                if name == "SHUTDOWN":
                    return shown  # no reply is the reply
                raise
            if not isinstance(reply, Push):
                break
            shown += _shown_push(reply)
        took = time.monotonic() - began
        text = format_reply(reply, arguments).replace("\r\n", "\n").rstrip("\n")
        shown += text.split("\n") if text else []
        if took >= SLOW_COMMAND:
            shown.append(f"({took:.2f}s)")
        return shown

    def _read(self, deadline: float, name: str) -> Any:
        while (value := self._reader.read()) is INCOMPLETE:
            self._socket.settimeout(_left(deadline, f"the reply to {name}"))
            try:
                data = self._socket.recv(65536)
            except TimeoutError as error:
                raise TooSlowError(f"gave up waiting for the reply to {name}") from error
            if not data:
                raise ConnectionError("the server closed the connection")
            self._reader.feed(data)
        return value

    def close(self) -> None:
        self._socket.close()


def _shown_push(push: Push) -> list[str]:
    if push and push[0] == b"invalidate":
        keys = push[1] or [b"all"]
        return ["-> invalidate: " + ", ".join(f"'{key.decode('utf-8', 'backslashreplace')}'" for key in keys)]
    return format_reply(push).rstrip("\n").split("\n")


class WireSession:
    """One raw connection for one block; it counts and cuts nothing, it only moves bytes."""

    def __init__(self, address: Address) -> None:
        self._socket = socket.create_connection(address, timeout=5)

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self, wanted: int, deadline: float, quiet: float) -> bytes:
        """Bytes from the server: `wanted` of them, or fewer if it says nothing more for `quiet` seconds.

        Before the first byte the whole deadline is waited (then b"" is returned). Ends early when the server
        closes the connection.
        """
        got = bytearray()
        while len(got) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self._socket.settimeout(min(left, quiet) if got else left)
            try:
                data = self._socket.recv(min(65536, wanted - len(got)))
            except TimeoutError:
                break
            if not data:
                break
            got += data
        return bytes(got)

    def rest(self, deadline: float) -> bytes:
        """All that the server still had to say: our side is closed, it answers what it has and closes its own."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        got = bytearray()
        with contextlib.suppress(OSError):
            while True:
                self._socket.settimeout(_left(deadline, "the server to close the connection"))
                data = self._socket.recv(65536)
                if not data:
                    break
                got += data
        return bytes(got)

    def close(self) -> None:
        self._socket.close()


class ShellSession:
    """One bash for a lesson's console blocks, on a terminal of its own, in `folder`.

    Its PATH begins with two wrappers: `redis-cli`, which reaches the lesson's server unless the line names
    another one, and `redis-server`, the binary of this version. Standard output is a pseudo-terminal, so
    redis-cli prints what it prints for a person.
    """

    def __init__(self, folder: Path, wrappers: Path, address: Address, redis_server: Path) -> None:
        self._folder = folder
        self._pids = wrappers / "pids"
        self._token = f"--done-{secrets.token_hex(8)}--"
        self.has_redis_cli = _write_wrappers(wrappers, address, redis_server)
        self._terminal, terminal_end = pty.openpty()
        tty.setraw(terminal_end)
        environment = {
            "PATH": f"{wrappers}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "TERM": "dumb",
            "COLUMNS": "80",
        }
        self._shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-s"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=terminal_end,
            stderr=terminal_end,
            start_new_session=True,
        )
        os.close(terminal_end)

    def run(self, command: str, deadline: float) -> list[str]:
        """Run one command line, return the lines it printed. Raises CannotRunError, TooSlowError, ConnectionError."""
        if not self.has_redis_cli and re.search(r"(^|[\s|;&(])redis-cli\b", command):
            raise CannotRunError("redis-cli is not installed")
        script = f"eval {shlex.quote(command)} </dev/null\nprintf '\\n%s\\n' {self._token}\n"
        assert self._shell.stdin is not None
        try:
            self._shell.stdin.write(script.encode())
            self._shell.stdin.flush()
        except BrokenPipeError as error:
            raise ConnectionError("the shell has ended") from error
        output = self._until(f"\n{self._token}\n".encode(), deadline, command)
        return _terminal_lines(output)

    def _until(self, mark: bytes, deadline: float, command: str) -> bytes:
        got = bytearray()
        looking = select.poll()
        looking.register(self._terminal, select.POLLIN)
        while not got.endswith(mark):
            if not looking.poll(1000 * _left(deadline, f"`{command}` to end")):
                continue
            try:
                data = os.read(self._terminal, 65536)
            except OSError:
                data = b""
            if not data:
                raise ConnectionError("the shell has ended")
            got += data
        return bytes(got[: -len(mark)])

    def close(self) -> None:
        """End the shell and every process it started, those in the background too."""
        pids = _recorded_pids(self._pids) | _processes_in(self._folder)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._shell.pid, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        self._shell.wait()
        if self._shell.stdin is not None:
            with contextlib.suppress(OSError):
                self._shell.stdin.close()
        os.close(self._terminal)


def _write_wrappers(folder: Path, address: Address, redis_server: Path) -> bool:
    """Write redis-cli and redis-server into `folder`; False when there is no redis-cli to wrap."""
    pids = folder / "pids"
    pids.mkdir(parents=True)
    real_cli = shutil.which("redis-cli")
    host, port = address
    cli = "echo 'redis-cli is not installed' >&2; exit 127\n"
    if real_cli is not None:
        real = shlex.quote(real_cli)
        cli = (
            'for word in "$@"; do\n'
            f'  case $word in -p|-h|-s|-u) exec {real} "$@";; esac\n'
            "done\n"
            f'exec {real} -h {host} -p {port} "$@"\n'
        )
    server = shlex.quote(str(redis_server))
    # A daemon leaves the shell's process group; its pid file is how it is found again.
    daemon = (
        f"echo $$ > {shlex.quote(str(pids))}/$$.pid\n"
        'case " $* " in *" --daemonize yes "*)\n'
        f'  case " $* " in *pidfile*) ;; *) set -- "$@" --pidfile {shlex.quote(str(pids))}/$$-daemon.pid;; esac;;\n'
        "esac\n"
        f'exec -a redis-server {server} "$@"\n'
    )
    for name, body in (("redis-cli", cli), ("redis-server", daemon)):
        wrapper = folder / name
        wrapper.write_text(f"#!/usr/bin/env bash\n{body}")
        wrapper.chmod(0o755)
    return real_cli is not None


def _recorded_pids(folder: Path) -> set[int]:
    pids = set()
    for file in folder.glob("*.pid"):
        with contextlib.suppress(ValueError, OSError):
            pid = int(file.read_text())
            # A pid may have been given to somebody else since; only a Redis is ended.
            if _is_redis(pid):
                pids.add(pid)
    return pids


def _is_redis(pid: int) -> bool:
    command = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return "redis" in command


def _processes_in(folder: Path) -> set[int]:
    """Processes whose working folder is `folder` or below it (Linux only; elsewhere none)."""
    pids = set()
    inside = str(folder.resolve())
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            place = str(link.readlink())
            if place == inside or place.startswith(inside + os.sep):
                pids.add(int(link.parent.name))
    return pids - {os.getpid()}


def _terminal_lines(output: bytes) -> list[str]:
    """What a person would see on the terminal: colours gone, a line redrawn after \\r seen once."""
    text = _ESCAPE_SEQUENCE.sub("", output.decode("utf-8", "backslashreplace"))
    text = text.replace("\r\n", "\n")
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    # A starting Redis may complain of the machine it is on; that is no part of a lesson.
    lines = [line for line in lines if "WARNING Memory overcommit must be enabled" not in line]
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


class PythonSession:
    """One Python interpreter for a lesson's python blocks: a child process, so that it can be ended."""

    def __init__(self, folder: Path, address: Address) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "grader.authoring.python_session", address[0], str(address[1])],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._buffer = b""

    def run(self, source: str, deadline: float, interactive: bool) -> tuple[str, str | None]:
        """Run `source` (one doctest example, or a whole block), return what it printed and its exception.

        The exception is "Type: message" as the last line of a traceback shows it, or None.
        Raises TooSlowError, ConnectionError.
        """
        assert self._child.stdin is not None
        request = json.dumps({"source": source, "interactive": interactive}) + "\n"
        try:
            self._child.stdin.write(request.encode())
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise ConnectionError("the Python process has ended") from error
        answer = json.loads(self._line(deadline))
        return answer["output"], answer["exception"]

    def renew_client(self, deadline: float) -> None:
        """Give the block a new `r`, as `fresh` promises."""
        self.run("r = _new_client()", deadline, interactive=False)

    def _line(self, deadline: float) -> bytes:
        assert self._child.stdout is not None
        descriptor = self._child.stdout.fileno()
        looking = select.poll()
        looking.register(descriptor, select.POLLIN)
        while b"\n" not in self._buffer:
            if not looking.poll(1000 * _left(deadline, "the Python code to end")):
                continue
            data = os.read(descriptor, 65536)
            if not data:
                raise ConnectionError("the Python process has ended")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def accepts_configuration(redis_server: Path, lines: Iterable[str], folder: Path, deadline: float) -> str | None:
    """Start `redis_server` with these redis.conf lines; None if it serves, else what it said.

    Paths of the author's machine (`dir`, `logfile`, `pidfile`) are left out, the port and the socket are replaced,
    so that the excerpt may say what a real file says.
    """
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "redis.conf"
    elsewhere = re.compile(r"\s*(dir|logfile|pidfile|unixsocket)\s", re.IGNORECASE)
    configuration.write_text("".join(line + "\n" for line in lines if not elsewhere.match(line)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--dir", str(folder), "--daemonize", "no", "--bind", "127.0.0.1"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(redis_server), str(configuration), *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        while process.poll() is None:
            if time.monotonic() > deadline:
                return "redis-server neither served nor ended in time:\n" + _tail(log)
            if _answers(port):
                return None
            time.sleep(0.01)
        return f"redis-server refused it:\n{_tail(log)}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(b"PING\r\n")
        return bool(connection.recv(1))
    return False


def _tail(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return "\n".join(lines[-6:])
