"""What may stand around a server's process: a sandbox, where strangers send the commands or wrote the server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Enclosure(Protocol):
    """Starts one server at a time in some confinement; `grader.marking.sandbox` has one."""

    def around(self, command: Sequence[str], at: Path, folders: Sequence[Path]) -> list[str]:
        """The words to start instead of `command`.

        Args:
            command: of the server.
            at: where it is started; seen at its own place.
            folders: those it writes to, at their own places.
        """

    def inside(self, started: int) -> int | None:
        """The process of the server itself, `started` being what was started; None when it is not there."""

    def reach(self, started: int, port: int) -> None:
        """Lead 127.0.0.1:`port` here to the server's, as soon as it listens there and for as long as it runs.

        Raises:
            PortBusy: when the port is taken here.
        """

    def another(self) -> Enclosure:
        """A new one like this, for a second server."""

    def end(self) -> None:
        """End what is left of the last one started, and wait until all of it is gone. Safe to call twice."""

    def close(self) -> None:
        """`end()`, and give up what belongs to the enclosure itself."""
