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
    ### BEGIN SOLUTION mini.monitor
    words = " ".join(quoted(arg) for arg in without_secrets(command, args))
    line = f"+{time.time():.6f} [{client.db.index} {client.address}] {words}\r\n".encode()
    for monitor in monitors:
        monitor.push_bytes(line)
    ### END SOLUTION


def quoted(text: bytes) -> str:
    """Return bytes in double quotes, what cannot be printed escaped (sds.c, sdscatrepr)."""
    ### BEGIN SOLUTION mini.monitor
    shown = [_ESCAPES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in text]
    return f'"{"".join(shown)}"'
    ### END SOLUTION
