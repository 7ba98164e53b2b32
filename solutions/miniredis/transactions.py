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
    ### BEGIN SOLUTION mini.multi
    client.queue = []
    client.queue_is_broken = False
    client.session_changed()
    ### END SOLUTION


def enqueue(client: Client, command: Command, args: Args) -> Reply:
    """Keep a command for EXEC."""
    ### BEGIN SOLUTION mini.multi
    assert client.queue is not None
    client.queue.append((command, args))
    return QUEUED
    ### END SOLUTION


def discard(client: Client) -> None:
    """Leave the transaction, without running it, and watch nothing any more."""
    if client.watching:
        unwatch(client)
    ### BEGIN SOLUTION mini.multi
    client.queue = None
    client.queue_is_broken = False
    client.session_changed()
    ### END SOLUTION


def rejected(client: Client, command: Command | None, error: CommandError) -> Reply:
    """What a client hears of a command that cannot be run or queued."""
    is_exec = command is not None and command.name == "exec"
    if client.queue is None and not is_exec:
        return error
    ### BEGIN SOLUTION mini.multi-broken
    if is_exec:
        discard(client)
        return CommandError(f"EXECABORT Transaction discarded because of: {error.text.removeprefix('ERR ')}")
    client.queue_is_broken = True
    return error
    ### END SOLUTION


def execute(client: Client) -> Reply:
    """Run what is queued, or say why not. The replies leave one by one, as the commands end."""
    ### BEGIN SOLUTION mini.watch-expired
    for database, key in client.watching:
        database.peek(key)  # a key whose time has come since it was watched has changed
    ### END SOLUTION
    if client.queue_is_broken:
        ### BEGIN SOLUTION mini.multi-broken
        discard(client)
        return CommandError("EXECABORT Transaction discarded because of previous errors.")
        ### END SOLUTION
    if client.watched_key_changed:
        ### BEGIN SOLUTION mini.watch
        discard(client)
        return NULL_ARRAY
        ### END SOLUTION
    ### BEGIN SOLUTION mini.multi
    queue = client.queue or []
    discard(client)
    client.send(Raw(b"*%d\r\n" % len(queue)))
    client.in_exec = True
    for command, args in queue:
        client.send(client.server.call(client, command, args))
    client.in_exec = False
    return NO_REPLY
    ### END SOLUTION


def watch(client: Client, key: bytes) -> None:
    """Watch a key of the selected database until the next EXEC, DISCARD or UNWATCH."""
    ### BEGIN SOLUTION mini.watch
    database = client.db
    database.peek(key)  # what is over already does not end later
    if (database, key) not in client.watching:
        client.watching.append((database, key))
        database.watchers.setdefault(key, set()).add(client)
    ### END SOLUTION


def unwatch(client: Client) -> None:
    """Watch nothing any more."""
    if not client.watching:
        return
    ### BEGIN SOLUTION mini.watch
    for database, key in client.watching:
        watchers = database.watchers.get(key)
        if watchers is not None:
            watchers.discard(client)
            if not watchers:
                del database.watchers[key]
    client.watching = []
    client.watched_key_changed = False
    ### END SOLUTION
