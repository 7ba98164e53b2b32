"""MULTI, EXEC, DISCARD, WATCH, UNWATCH. What they mean is in `miniredis.transactions`."""

from __future__ import annotations

from miniredis import transactions
from miniredis.commands.table import command
from miniredis.connection import Client
from miniredis.resp import OK, Args, CommandError, Reply


@command("MULTI", arity=1, flags="noscript loading stale fast allow_busy", since="1.2.0")
def multi(client: Client, args: Args) -> Reply:
    """MULTI: queue the commands that follow, for EXEC."""
    ### BEGIN SOLUTION mini.multi
    if client.queue is not None:
        raise CommandError("ERR MULTI calls can not be nested")
    transactions.begin(client)
    return OK
    ### END SOLUTION


@command("EXEC", arity=1, flags="noscript loading stale skip_slowlog", since="1.2.0")
def exec_(client: Client, args: Args) -> Reply:
    """EXEC: run the queue. The replies of its commands; nil if a watched key has changed."""
    ### BEGIN SOLUTION mini.multi
    if client.queue is None:
        raise CommandError("ERR EXEC without MULTI")
    return transactions.execute(client)
    ### END SOLUTION


@command("DISCARD", arity=1, flags="noscript loading stale fast allow_busy", since="2.0.0")
def discard(client: Client, args: Args) -> Reply:
    """DISCARD: forget the queue."""
    ### BEGIN SOLUTION mini.discard
    if client.queue is None:
        raise CommandError("ERR DISCARD without MULTI")
    transactions.discard(client)
    return OK
    ### END SOLUTION


@command("WATCH", arity=-2, flags="noscript loading stale fast allow_busy", keys=(1, -1, 1), since="2.2.0")
def watch(client: Client, args: Args) -> Reply:
    """WATCH key [key …]: make the next EXEC depend on these keys not having been changed by then."""
    ### BEGIN SOLUTION mini.watch
    if client.queue is not None:
        raise CommandError("ERR WATCH inside MULTI is not allowed")
    if not client.watched_key_changed:  # there is nothing to add to a transaction that is lost
        for key in args[1:]:
            transactions.watch(client, key)
    return OK
    ### END SOLUTION


@command("UNWATCH", arity=1, flags="noscript loading stale fast allow_busy", since="2.2.0")
def unwatch(client: Client, args: Args) -> Reply:
    """UNWATCH: forget what is watched."""
    ### BEGIN SOLUTION mini.watch
    transactions.unwatch(client)
    return OK
    ### END SOLUTION
