"""The graceful end: SHUTDOWN and SIGTERM. A server that cannot save what it holds stays, unless it is forced."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from miniredis.server import Server


def prepare(server: Server, save: bool | None = None, force: bool = False) -> bool:
    """Bring everything to the disk and end the children; whether the server may go now.

    Args:
        save: write a snapshot, or do not; None writes one if there are save points.
        force: go even if something cannot be written.
    """
    # mini.shutdown: yours to build (course hint mini.shutdown)
    if path := str(server.config["unixsocket"]):
        Path(path).unlink(missing_ok=True)
    return True


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
