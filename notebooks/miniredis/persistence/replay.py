"""Loading one file of an append-only file: a snapshot at its beginning, perhaps, and commands that are run again.

A file may end within a command: the process was killed while it wrote. That is repaired by cutting the file off behind
the last whole command or transaction. Anything wrong before the end is no accident of that kind, and the server does
not start: to guess what the rest means would be worse.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from miniredis.commands.table import lookup
from miniredis.connection import Client
from miniredis.persistence import rdb
from miniredis.persistence.encodings import BadFile
from miniredis.resp import Args, CommandError

if TYPE_CHECKING:
    from miniredis.server import Server


class EndsEarly(Exception):
    """The bytes end within a command."""


def load(server: Server, path: Path, is_last: bool) -> None:
    """Run everything in a file.

    Args:
        is_last: only the last file can have been cut off while it was written.

    Raises:
        BadFile: it is damaged, or cut off and `aof-load-truncated` is no.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    start = 0
    if data.startswith(b"REDIS"):
        try:
            start = rdb.load(server, data, keep_ended=True)
        except BadFile as error:
            raise BadFile(
                f"Error reading the RDB preamble of the AOF file {path.name}, AOF loading aborted: {error}"
            ) from error
    whole = _run(server, data, start, path.name)
    if whole < len(data):
        _repair(server, path, whole, is_last)


def _repair(server: Server, path: Path, whole: int, is_last: bool) -> None:
    """Cut off the command that was not written to its end."""
    raise NotImplementedError("mini.aof-truncated")  # course hint mini.aof-truncated


def _run(server: Server, data: bytes, at: int, name: str) -> int:
    """Run the commands from `at` on; the place behind the last one that is whole, and not within a transaction."""
    raise NotImplementedError("mini.aof-load")  # course hint mini.aof-load


def _run_one(server: Server, client: Client, args: Args, name: str) -> None:
    """Run one command. It succeeded once, so an error now would mean that the file is another's; it is told."""
    if not args:
        return
    command = lookup(args)
    if command is None:
        word = args[0].decode("latin-1")
        raise BadFile(f"Unknown command '{word}' reading the append only file {name}")
    server.current = command, args
    try:
        command.handler(client, args)
    except CommandError as error:
        print(f"'{command.name}' in the append only file {name} was refused: {error.text}", file=sys.stderr)


def read_command(data: bytes, at: int) -> tuple[Args, int]:
    """Return the command at a place in a file, and the place behind it; an empty one for a line that is a remark.

    Raises:
        EndsEarly: the bytes end within it.
        ValueError: it is none.
    """
    raise NotImplementedError("mini.aof-load")  # course hint mini.aof-load


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\r\n", at)
    if end < 0:
        raise EndsEarly
    return end
