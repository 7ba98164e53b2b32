"""MONITOR: every command, as it is run, to whoever asked to see them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from miniredis.resp import Args
from miniredis.slowlog import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from miniredis.commands.table import Command
    from miniredis.connection import Client

_ESCAPES = {10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b", 34: '\\"', 92: "\\\\"}


def feed(monitors: Iterable[Client], client: Client, command: Command, args: Args) -> None:
    """Show a command that `client` has run: time, database, address and the quoted arguments."""
    raise NotImplementedError("mini.monitor")  # course hint mini.monitor


def quoted(text: bytes) -> str:
    """Return bytes in double quotes, what cannot be printed escaped (sds.c, sdscatrepr)."""
    raise NotImplementedError("mini.monitor")  # course hint mini.monitor
