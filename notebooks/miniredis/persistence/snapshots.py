"""When the data set is saved: SAVE, BGSAVE, the `save` points, and at the end. `rdb` knows how."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from miniredis.persistence import child, rdb

if TYPE_CHECKING:
    from miniredis.server import Server

RETRY_SECONDS = 5  # after a failure, before the save points try again


class Snapshots:
    """The RDB file of a server.

    Attributes:
        last: when it was last written, in seconds since 1970; at first, when the server was started.
        succeeded: whether the last background save was.
        pid: the child that writes one just now.
        scheduled: one is to begin as soon as no other child is at work.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.last = int(server.started)
        self.succeeded = True
        self.pid: int | None = None
        self.scheduled = False
        self.seconds = -1  # the last one took
        self._counted = 0  # server.dirty when the file was last written
        self._counted_by_child = 0
        self._tried = 0.0

    @property
    def path(self) -> Path:
        """The file."""
        return Path(str(self._server.config["dir"]), str(self._server.config["dbfilename"]))

    @property
    def changes(self) -> int:
        """Changes since the file was last written."""
        return self._server.dirty - self._counted

    def load(self) -> None:
        """Read the file, if there is one.

        Raises:
            BadFile: it is damaged.
            OSError: it cannot be read.
        """
        if self.path.exists():
            rdb.load(self._server, self.path.read_bytes())
        self._counted = self._server.dirty

    def save(self) -> bool:
        """Write the file now, while all clients wait; whether that was possible."""
        raise NotImplementedError("mini.save")  # course hint mini.save

    def _written(self, counted: int) -> None:
        self._counted = counted
        self.last = int(time.time())
        self.succeeded = True

    def save_in_background(self) -> None:
        """Let a child write the file."""
        raise NotImplementedError("mini.bgsave")  # course hint mini.bgsave

    def tend(self) -> None:
        """Take note of a child that has ended, and start one where a save point or BGSAVE SCHEDULE wants it."""
        if self.pid is not None:
            status = child.ended(self.pid)
            if status is not None:
                self._child_ended(status)
        elif not self._server.aof.rewriting and (self.scheduled or self._is_due()):
            self.save_in_background()

    def _child_ended(self, status: int) -> None:
        assert self.pid is not None
        pid, self.pid = self.pid, None
        self.seconds = int(time.time() - self._tried)
        if status == 0:
            self._written(self._counted_by_child)
        else:
            self.path.with_name(f"temp-{pid}.rdb").unlink(missing_ok=True)
            self.succeeded = False

    def points(self) -> list[tuple[int, int]]:
        """The save points: pairs of seconds and changes."""
        numbers = [int(word) for word in str(self._server.config["save"]).split()]
        return list(zip(numbers[::2], numbers[1::2], strict=True))

    @property
    def has_failed(self) -> bool:
        """Whether commands that change something must be refused, because nothing will save what they change."""
        return not self.succeeded and bool(self._server.config["stop-writes-on-bgsave-error"]) and bool(self.points())

    def _is_due(self) -> bool:
        points = self.points()
        if not points:
            return False
        raise NotImplementedError("mini.save-points")  # course hint mini.save-points

    def stop(self) -> None:
        """End a child that is at work: its file will not be needed."""
        if self.pid is not None:
            pid, self.pid = self.pid, None
            child.kill(pid)
            self.path.with_name(f"temp-{pid}.rdb").unlink(missing_ok=True)
