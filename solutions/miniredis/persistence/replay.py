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
    ### BEGIN SOLUTION mini.aof-truncated
    if not server.config["aof-load-truncated"]:
        raise BadFile(
            f"Unexpected end of file reading the append only file {path.name}. You can: 1) Make a backup of your AOF "
            "file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the "
            "'aof-load-truncated' configuration option to yes and restart the server."
        )
    if not is_last:
        raise BadFile("Fatal error: the truncated file is not the last file")
    print(f"!!! Warning: short read while loading the AOF file {path.name}!!!", file=sys.stderr)
    print(f"Truncating the AOF {path.name} at offset {whole}", file=sys.stderr)
    os.truncate(path, whole)
    print(f"AOF {path.name} loaded anyway because aof-load-truncated is enabled", file=sys.stderr, flush=True)
    ### END SOLUTION


def _run(server: Server, data: bytes, at: int, name: str) -> int:
    """Run the commands from `at` on; the place behind the last one that is whole, and not within a transaction."""
    ### BEGIN SOLUTION mini.aof-load
    client = Client(server, None)
    client.authenticated = True
    transaction: list[Args] | None = None
    whole = at
    while at < len(data):
        try:
            args, at = read_command(data, at)
        except EndsEarly:
            return whole
        except ValueError as error:
            raise BadFile(
                f"Bad file format reading the append only file {name}: make a backup of your AOF file, then use "
                "./redis-check-aof --fix <filename.manifest>"
            ) from error
        word = args[0].upper() if args else b""
        if word == b"MULTI":
            transaction = []
        elif transaction is None or word == b"EXEC":
            for each in [args] if transaction is None else transaction:
                _run_one(server, client, each, name)
            transaction = None
        else:
            transaction.append(args)
        if transaction is None:
            whole = at
    return whole
    ### END SOLUTION


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
    ### BEGIN SOLUTION mini.aof-load
    if data[at] == 35:  # "#"
        return [], _line_end(data, at) + 2
    if data[at] != 42:  # "*"
        raise ValueError("a command begins with *")
    end = _line_end(data, at)
    count = int(data[at + 1 : end])
    if count < 1:
        raise ValueError("a command has a name")
    at = end + 2
    args = []
    for _ in range(count):
        if data[at : at + 1] not in (b"$", b""):
            raise ValueError("an argument begins with $")
        end = _line_end(data, at)
        start = end + 2
        stop = start + int(data[at + 1 : end])
        at = stop + 2
        if at > len(data):
            raise EndsEarly
        args.append(data[start:stop])
    return args, at
    ### END SOLUTION


def _line_end(data: bytes, at: int) -> int:
    end = data.find(b"\r\n", at)
    if end < 0:
        raise EndsEarly
    return end
