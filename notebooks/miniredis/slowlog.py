"""The slow log: the last commands that took longer than slowlog-log-slower-than, for SLOWLOG GET."""

from __future__ import annotations

import itertools
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from miniredis.resp import Args

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.connection import Client

MAX_ARGUMENTS = 32
MAX_LENGTH = 128
_REDACTED = b"(redacted)"


@dataclass(frozen=True, slots=True)
class Entry:
    """One slow command: when (in seconds since 1970), how long (in microseconds), what, and by whom."""

    id: int
    when: int
    microseconds: int
    args: Args
    address: str
    client_name: bytes


class Slowlog:
    """The newest entries first."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self._ids = itertools.count()

    def add(self, client: Client, command: Command, args: Args, microseconds: int, keep: int) -> None:
        """Note a command, and forget the oldest beyond `keep`."""
        raise NotImplementedError("mini.slowlog")  # course hint mini.slowlog


def shortened(args: Args) -> Args:
    """Return no more than 32 arguments of no more than 128 bytes, with a note of what was left out."""
    raise NotImplementedError("mini.slowlog")  # course hint mini.slowlog


def without_secrets(command: Command, args: Args) -> Args:
    """Return the arguments as others may see them: passwords are replaced."""
    if command.name == "auth":
        return [args[0], *[_REDACTED] * (len(args) - 1)]
    if command.name == "acl|setuser":
        return [*args[:2], *[_REDACTED] * (len(args) - 2)]
    shown = list(args)
    for place, arg in enumerate(args):
        if command.name == "hello" and arg.upper() == b"AUTH" and place >= 2:
            shown[place + 1 : place + 3] = [_REDACTED] * len(shown[place + 1 : place + 3])
        if command.name == "config|set" and place % 2 == 0 and arg.lower() in (b"requirepass", b"masterauth"):
            shown[place + 1 : place + 2] = [_REDACTED] * len(shown[place + 1 : place + 2])
    return shown
