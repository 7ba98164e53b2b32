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
        ### BEGIN SOLUTION mini.slowlog
        what = shortened(without_secrets(command, args))
        entry = Entry(next(self._ids), int(time.time()), microseconds, what, client.address, client.name)
        self.entries.appendleft(entry)
        while len(self.entries) > keep:
            self.entries.pop()
        ### END SOLUTION


def shortened(args: Args) -> Args:
    """Return no more than 32 arguments of no more than 128 bytes, with a note of what was left out."""
    ### BEGIN SOLUTION mini.slowlog
    few = args if len(args) <= MAX_ARGUMENTS else args[: MAX_ARGUMENTS - 1]
    short = [
        arg if len(arg) <= MAX_LENGTH else arg[:MAX_LENGTH] + b"... (%d more bytes)" % (len(arg) - MAX_LENGTH)
        for arg in few
    ]
    if len(args) > len(few):
        short.append(b"... (%d more arguments)" % (len(args) - len(few)))
    return short
    ### END SOLUTION


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
