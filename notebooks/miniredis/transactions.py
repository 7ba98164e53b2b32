"""MULTI, EXEC and WATCH: a queue of commands that run without anybody in between.

Nothing is locked and nothing is undone. Commands are checked when they are queued (is there such a command, are there
enough arguments?) and a transaction with one that is not right does not run at all. A command that fails while the
transaction runs fails alone.

WATCH is optimistic locking: EXEC does nothing if a watched key has been changed since, whoever changed it and
whatever it is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from miniredis.resp import NO_REPLY, NULL_ARRAY, QUEUED, Args, CommandError, Raw, Reply

if TYPE_CHECKING:
    from miniredis.commands.table import Command
    from miniredis.connection import Client

NEVER_QUEUED = frozenset({"exec", "discard", "multi", "watch", "quit", "reset"})


def begin(client: Client) -> None:
    """From now on commands are queued."""
    raise NotImplementedError("mini.multi")  # course hint mini.multi


def enqueue(client: Client, command: Command, args: Args) -> Reply:
    """Keep a command for EXEC."""
    raise NotImplementedError("mini.multi")  # course hint mini.multi


def discard(client: Client) -> None:
    """Leave the transaction, without running it, and watch nothing any more."""
    if client.watching:
        unwatch(client)
    # mini.multi: yours to build (course hint mini.multi)


def rejected(client: Client, command: Command | None, error: CommandError) -> Reply:
    """What a client hears of a command that cannot be run or queued."""
    is_exec = command is not None and command.name == "exec"
    if client.queue is None and not is_exec:
        return error
    raise NotImplementedError("mini.multi-broken")  # course hint mini.multi-broken


def execute(client: Client) -> Reply:
    """Run what is queued, or say why not. The replies leave one by one, as the commands end."""
    # mini.watch-expired: yours to build (course hint mini.watch-expired)
    if client.queue_is_broken:
        raise NotImplementedError("mini.multi-broken")  # course hint mini.multi-broken
    if client.watched_key_changed:
        raise NotImplementedError("mini.watch")  # course hint mini.watch
    raise NotImplementedError("mini.multi")  # course hint mini.multi


def watch(client: Client, key: bytes) -> None:
    """Watch a key of the selected database until the next EXEC, DISCARD or UNWATCH."""
    raise NotImplementedError("mini.watch")  # course hint mini.watch


def unwatch(client: Client) -> None:
    """Watch nothing any more."""
    if not client.watching:
        return
    # mini.watch: yours to build (course hint mini.watch)
