"""The append-only file: every change as the command that made it, in the order in which they happened (aof.c).

Commands are collected while a turn of the loop runs and written at its end, before the replies leave. `appendfsync`
says what a reply then means. `always`: the change is on the disk. `everysec`: the kernel has it, and the disk will
within about a second; a process that is killed loses nothing, a machine without power perhaps that second. `no`: the
kernel writes it when it likes.

The file is several: a base, which is an RDB file, and increments; a manifest lists them. Rewriting begins a new
increment, lets a child write a new base, and then drops what the two replace (`rewrite`).
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from miniredis.config import NotChanged
from miniredis.persistence import child, manifest, rdb, replay
from miniredis.persistence.encodings import BadFile
from miniredis.persistence.manifest import Manifest, Part
from miniredis.resp import Args, encode_command

if TYPE_CHECKING:
    from miniredis.server import Server

Unit = list[tuple[int, Args]]

ANY_DATABASE = -1
UNKNOWN_DATABASE = -2

RETRY_SECONDS = 1.0


class CannotGoOn(Exception):
    """What `appendfsync always` promises cannot be kept any more: the server must end before it answers."""


class AppendOnlyFile:
    """The append-only file of a server.

    Attributes:
        on: whether changes are written.
        size: bytes in the base and the increments.
        base_size: what `size` was after the last rewriting, or at the start.
        error: why the last write failed; "" when it did not.
        scheduled: BGREWRITEAOF was asked for while another child was at work.
        rewritten: whether the last rewriting succeeded.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.on = False
        self.size = 0
        self.base_size = 0
        self.error = ""
        self.scheduled = False
        self.rewritten = True
        self._name = str(server.config["appendfilename"])
        self._manifest = Manifest(self._name)
        self._file = -1
        self._written = 0  # bytes of the increment at hand that are whole commands
        self._buffer: list[bytes] = []
        self._database = 0  # the one that the file has selected
        self._unsynced = False
        self._last_sync = 0.0
        self._tried = 0.0
        self._syncing: threading.Thread | None = None
        self._pid: int | None = None
        self._next: tuple[Part, Part] | None = None  # the base that a child writes, and the increment begun with it

    @property
    def folder(self) -> Path:
        """Where the files are."""
        return Path(str(self._server.config["dir"]), str(self._server.config["appenddirname"]))

    @property
    def _manifest_path(self) -> Path:
        return self.folder / f"{self._name}.manifest"

    @property
    def waiting(self) -> int:
        """Bytes that are not written yet."""
        return sum(map(len, self._buffer))

    # Writing

    def append(self, unit: Unit) -> None:
        """Take what one command has changed; several changes are loaded together or not at all.

        Args:
            unit: pairs of a database's number and a command.
        """
        if len(unit) > 1:
            raise NotImplementedError("mini.aof-transaction")  # course hint mini.aof-transaction
        for index, args in unit:
            if index not in (ANY_DATABASE, self._database):
                self._select(index)
            # mini.aof-write: yours to build (course hint mini.aof-write)

    def _select(self, index: int) -> None:
        """Say which database the commands that follow are for: it is not the one of those before."""
        raise NotImplementedError("mini.aof-select")  # course hint mini.aof-select

    def flush(self) -> None:
        """Write what has been collected, and see that it reaches the disk as `appendfsync` says.

        Raises:
            CannotGoOn: it cannot, and the policy is `always`.
        """
        if self._buffer and not (self.error and time.monotonic() - self._tried < RETRY_SECONDS):
            self._write_out()
        if self._unsynced and self._server.config["appendfsync"] != "no":
            self._sync()

    def _write_out(self) -> None:
        raise NotImplementedError("mini.aof-write")  # course hint mini.aof-write

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._file, view) :]

    def _failed(self, why: str, data: bytes) -> None:
        """A write failed: cut off what of it has reached the file, keep everything for another try.

        Until one succeeds the server takes no more changes (`Server.refusal`).
        """
        self._tried = time.monotonic()
        if self._server.config["appendfsync"] == "always":
            raise CannotGoOn(f"Error writing to the AOF file: {why}")
        os.ftruncate(self._file, self._written)
        self._buffer = [data]
        if not self.error:
            print(f"Error writing to the AOF file: {why}", file=sys.stderr, flush=True)
        self.error = why
        self._server.look_out()

    def _sync(self) -> None:
        """Have the disk take what the kernel holds: at once, or in a thread of its own once a second."""
        raise NotImplementedError("mini.aof-fsync")  # course hint mini.aof-fsync

    def _sync_in_thread(self, number: int) -> None:
        """What takes milliseconds or more, and no client should wait for."""
        try:
            os.fdatasync(number)
        except OSError as error:
            self.error = str(error.strerror)
            self._unsynced = True
        finally:
            os.close(number)

    def _is_syncing(self) -> bool:
        return self._syncing is not None and self._syncing.is_alive()

    def _wait_for_sync(self) -> None:
        if self._syncing is not None:
            self._syncing.join()
            self._syncing = None

    def close(self) -> None:
        """Write and sync everything: the graceful end, and CONFIG SET appendonly no.

        Raises:
            OSError: that cannot be done.
        """
        if self._file < 0:
            return
        self._wait_for_sync()
        if self._buffer:
            self._write_all(b"".join(self._buffer))
            self._buffer.clear()
        os.fsync(self._file)
        os.close(self._file)
        self._file = -1

    # Starting

    def load(self) -> None:
        """Read base and increments into the databases, if there are any.

        Raises:
            BadFile: one of them is damaged, other than by a missing end of the last.
            OSError: one cannot be read.
        """
        self._adopt_old_file()
        if not self._manifest_path.exists():
            return
        self._manifest = manifest.parse(self._name, self._manifest_path.read_bytes())
        parts = [*([self._manifest.base] if self._manifest.base else []), *self._manifest.increments]
        for part in parts:
            path = self.folder / part.name
            if not path.exists():
                raise BadFile(f"The AOF file {part.name} doesn't exist")
            replay.load(self._server, path, is_last=part is parts[-1])
        self._drop_history()

    def _adopt_old_file(self) -> None:
        """Before Redis 7 there was one file; it becomes the base."""
        old = Path(str(self._server.config["dir"])) / self._name
        if old.is_file() and not self._manifest_path.exists():
            self.folder.mkdir(exist_ok=True)
            manifest.write(self._manifest_path, Manifest(self._name, Part(self._name, 1, "b")))
            old.replace(self.folder / self._name)

    def open(self) -> None:
        """Begin to write, after `load`: to the last increment, or to a first one. A base comes with rewriting.

        Raises:
            OSError: a file cannot be made.
        """
        self.folder.mkdir(exist_ok=True)
        if not self._manifest.increments:
            self._manifest.increments.append(self._manifest.next_increment())
        self._open(self._manifest.increments[-1])
        manifest.write(self._manifest_path, self._manifest)
        self.on = True
        self._measure()

    def _open(self, part: Part, new: bool = False) -> None:
        """Go on with an increment. A new one may meet a file of that name which no manifest ever listed: it goes."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if new else 0)
        number = os.open(self.folder / part.name, flags, 0o644)
        if self._file >= 0:
            os.close(self._file)
        self._file = number
        self._written = os.fstat(number).st_size
        # Whoever reads a file begins it with database 0; what the commands in this one have selected, nobody knows now.
        self._database = UNKNOWN_DATABASE if self._written else 0

    def _measure(self) -> None:
        parts = [*([self._manifest.base] if self._manifest.base else []), *self._manifest.increments]
        self.size = self.base_size = sum((self.folder / part.name).stat().st_size for part in parts)

    # Rewriting

    @property
    def rewriting(self) -> bool:
        """Whether a child writes a new base just now."""
        return self._pid is not None

    def switch(self, on: bool) -> None:
        """CONFIG SET appendonly yes or no.

        Raises:
            NotChanged: a file cannot be made, or not be written to its end.
        """
        try:
            if on:
                self._start()
            else:
                self._stop()
        except OSError as error:
            raise NotChanged("appendonly", "Unable to turn on AOF. Check server logs.") from error

    def _start(self) -> None:
        """Begin with what there is. It is in force once the base is written."""
        self.folder.mkdir(exist_ok=True)
        if self._manifest_path.exists():
            self._manifest = manifest.parse(self._name, self._manifest_path.read_bytes())
        self.on = self._server.logging = True
        if self._server.snapshots.pid is None:
            self.rewrite(first=True)
        else:
            self.scheduled = True

    def _stop(self) -> None:
        self.stop_child()
        self.on = self._server.logging = False
        self.scheduled = False
        self.close()

    def stop_child(self) -> None:
        """End a child that writes a base: it will not be needed."""
        if self._pid is not None and self._next is not None:
            pid, self._pid = self._pid, None
            child.kill(pid)
            self._temporary(pid).unlink(missing_ok=True)

    def rewrite(self, first: bool = False) -> None:
        """Let a child write what there is now as the new base; what changes from now on goes to a new increment.

        Args:
            first: nothing has been written before; the manifest appears together with the base.

        Raises:
            OSError: the increment cannot be made.
        """
        raise NotImplementedError("mini.aof-rewrite")  # course hint mini.aof-rewrite

    def _temporary(self, pid: int) -> Path:
        return self.folder / f"temp-rewriteaof-bg-{pid}.aof"

    def _write_base(self) -> None:
        rdb.save(self._server, self._temporary(os.getpid()), aof_base=True)

    def tend(self) -> None:
        """Take note of a child that has ended, start one where the file has grown enough, sync what waits."""
        if self._pid is not None:
            status = child.ended(self._pid)
            if status is not None:
                self._child_ended(self._pid, status)
        elif self._server.snapshots.pid is None and (self.scheduled or self._has_grown()):
            self.rewrite()

    def _child_ended(self, pid: int, status: int) -> None:
        """A new base is there: it takes the place of everything before the increment begun with it."""
        assert self._next is not None
        # mini.aof-rewrite: yours to build (course hint mini.aof-rewrite)

    def _drop_history(self) -> None:
        """Delete the files that the base has made unnecessary."""
        for part in self._manifest.history:
            with contextlib.suppress(FileNotFoundError):
                (self.folder / part.name).unlink()
        if self._manifest.history:
            self._manifest.history = []
            manifest.write(self._manifest_path, self._manifest)

    def _has_grown(self) -> bool:
        percentage = int(self._server.config["auto-aof-rewrite-percentage"])
        if not self.on or not percentage or self.size <= int(self._server.config["auto-aof-rewrite-min-size"]):
            return False
        return self.size * 100 // (self.base_size or 1) - 100 >= percentage
